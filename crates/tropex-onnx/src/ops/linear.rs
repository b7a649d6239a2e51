//! Matrix products.

use crate::array::{Array, broadcast};
use crate::error::OpError;
use crate::op_args::{OpArgs, OpOutputs};

const PRODUCT: &str = "a matrix product of two values that both depend on the input is not \
                       piecewise linear; only products with constant matrices are";

pub(super) fn matmul(args: &OpArgs) -> Result<OpOutputs, OpError> {
    refuse_product(args);
    Ok(args.array(0)?.matmul(args.array(1)?)?.into())
}

/// `Gemm`: `alpha A B + beta C`. Both matrices may be transposed.
pub(super) fn gemm(args: &OpArgs) -> Result<OpOutputs, OpError> {
    refuse_product(args);
    let alpha = args.attributes.float("alpha")?.unwrap_or(1.0);
    let beta = args.attributes.float("beta")?.unwrap_or(1.0);
    let matrix = |index, transposed: bool| -> Result<Array, OpError> {
        let shape = args.shape(index)?;
        if shape.len() != 2 {
            return Err(format!("its input {} has shape {shape:?}, not two axes", index + 1).into());
        }
        let array = args.array(index)?;
        if transposed { array.permute(&[1, 0]) } else { Ok(array) }
    };
    let left = matrix(0, args.flag("transA")?)?;
    let product = left.matmul(matrix(1, args.flag("transB")?)?)?.mul_number(alpha);
    let Some(bias) = args.optional_array(2)? else { return Ok(product.into()) };
    let shape = product.shape();
    if broadcast(&shape, &bias.shape())? != shape {
        return Err(format!("its bias of shape {:?} does not fit {shape:?}", bias.shape()).into());
    }
    Ok(product.add(bias.mul_number(beta))?.into())
}

fn refuse_product(args: &OpArgs) {
    if args.depends(0) && args.depends(1) {
        args.refuse(PRODUCT);
    }
}
