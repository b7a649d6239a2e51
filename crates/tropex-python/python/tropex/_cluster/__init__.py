"""Extractions in parts on engines that run the tasks: behind `tropex.cluster` and `tropex.ray`."""
