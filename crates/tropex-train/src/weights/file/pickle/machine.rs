//! Python's unpickling machine: a stack, marks in the stack, and a memo of values for later use.

use std::collections::HashMap;

use super::{PickleError, PickleId, PickleObject, PickleValue};

/// Largest number of values of a pickle. The largest training checkpoints have some hundred
/// thousand.
const MAX_VALUES: usize = 4 << 20;

/// Index of [`PickleValue::Other`], the one value for everything that is not needed here.
pub(super) const OTHER: PickleId = PickleId(0);

/// The state of the machine.
pub(super) struct Unpickler<'a> {
    pub(super) bytes: &'a [u8],
    /// Position of the next byte.
    pub(super) at: usize,
    pub(super) stack: Vec<PickleId>,
    /// Heights of the stack at the marks.
    pub(super) marks: Vec<usize>,
    pub(super) memo: HashMap<u64, PickleId>,
    pub(super) values: Vec<PickleValue>,
}

impl<'a> Unpickler<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            values: vec![PickleValue::Other],
        }
    }
}

/// Reading bytes.
impl Unpickler<'_> {
    pub(super) fn take(&mut self, count: usize) -> Result<&[u8], PickleError> {
        let end = self.at.checked_add(count).ok_or(PickleError::Cut)?;
        let taken = self.bytes.get(self.at..end).ok_or(PickleError::Cut)?;
        self.at = end;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        self.take(N)?.try_into().map_err(|_| PickleError::Cut)
    }

    /// An unsigned little-endian number of at most 8 bytes.
    pub(super) fn number(&mut self, bytes: usize) -> Result<u64, PickleError> {
        let mut wide = [0; 8];
        wide[..bytes].copy_from_slice(self.take(bytes)?);
        Ok(u64::from_le_bytes(wide))
    }

    pub(super) fn length(&mut self, bytes: usize) -> Result<usize, PickleError> {
        usize::try_from(self.number(bytes)?).map_err(|_| PickleError::Cut)
    }

    /// Text up to the end of the line.
    pub(super) fn line(&mut self) -> Result<String, PickleError> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|&byte| byte == b'\n').ok_or(PickleError::Cut)?;
        let text = String::from_utf8_lossy(&rest[..end]).trim_end_matches('\r').to_owned();
        self.at += end + 1;
        Ok(text)
    }

    /// `module.name` from two lines.
    pub(super) fn global_line(&mut self) -> Result<String, PickleError> {
        let (module, name) = (self.line()?, self.line()?);
        Ok(format!("{module}.{name}"))
    }
}

/// Values.
impl Unpickler<'_> {
    pub(super) fn add(&mut self, value: PickleValue) -> Result<PickleId, PickleError> {
        if self.values.len() >= MAX_VALUES {
            let reason = format!("it holds more than {MAX_VALUES} Python values");
            return Err(PickleError::Invalid(reason));
        }
        self.values.push(value);
        Ok(PickleId((self.values.len() - 1) as u32))
    }

    pub(super) fn push(&mut self, value: PickleValue) -> Result<(), PickleError> {
        let id = self.add(value)?;
        self.stack.push(id);
        Ok(())
    }

    pub(super) fn push_integer(&mut self, number: Option<i64>) -> Result<(), PickleError> {
        self.push(number.map_or(PickleValue::Other, PickleValue::Int))
    }

    pub(super) fn push_unsigned(&mut self, bytes: usize) -> Result<(), PickleError> {
        let number = self.number(bytes)?;
        self.push_integer(i64::try_from(number).ok())
    }

    /// Pushes an integer in two's complement that follows its length.
    pub(super) fn push_long(&mut self, length_bytes: usize) -> Result<(), PickleError> {
        let length = self.length(length_bytes)?;
        let bytes = self.take(length)?;
        let is_negative = bytes.last().is_some_and(|&byte| byte >= 0x80);
        let mut wide = [if is_negative { 0xff } else { 0 }; 8];
        let number = (bytes.len() <= 8).then(|| {
            wide[..bytes.len()].copy_from_slice(bytes);
            i64::from_le_bytes(wide)
        });
        self.push_integer(number)
    }

    pub(super) fn push_text(&mut self, length_bytes: usize) -> Result<(), PickleError> {
        let length = self.length(length_bytes)?;
        let text = String::from_utf8_lossy(self.take(length)?).into_owned();
        self.push(PickleValue::Text(text))
    }

    pub(super) fn skip_bytes(&mut self, length_bytes: usize) -> Result<(), PickleError> {
        let length = self.length(length_bytes)?;
        self.take(length)?;
        self.stack.push(OTHER);
        Ok(())
    }

    pub(super) fn push_object(
        &mut self,
        class: PickleId,
        arguments: PickleId,
    ) -> Result<(), PickleError> {
        let items = self.initial_items(arguments);
        let object = PickleObject { class, arguments, state: None, items };
        self.push(PickleValue::Object(Box::new(object)))
    }

    /// Items of an `OrderedDict` that Python 2 pickled, whose argument is a list of pairs.
    pub(super) fn initial_items(&self, arguments: PickleId) -> Vec<(PickleId, PickleId)> {
        let sequence = |id: PickleId| match &self.values[id.0 as usize] {
            PickleValue::Sequence(elements) => Some(elements.as_slice()),
            _ => None,
        };
        let pair = |id: &PickleId| match sequence(*id) {
            Some(&[key, value]) => Some((key, value)),
            _ => None,
        };
        match sequence(arguments) {
            Some(&[list]) => sequence(list).and_then(|list| list.iter().map(pair).collect()),
            _ => None,
        }
        .unwrap_or_default()
    }

    pub(super) fn joined(&self, module: PickleId, name: PickleId) -> Option<String> {
        match (&self.values[module.0 as usize], &self.values[name.0 as usize]) {
            (PickleValue::Text(module), PickleValue::Text(name)) => {
                Some(format!("{module}.{name}"))
            }
            _ => None,
        }
    }

    pub(super) fn append(&mut self, elements: &[PickleId]) -> Result<(), PickleError> {
        let list = self.top()?;
        if let PickleValue::Sequence(list) = &mut self.values[list.0 as usize] {
            list.extend(elements);
        }
        Ok(())
    }

    pub(super) fn set_items(&mut self, items: &[PickleId]) -> Result<(), PickleError> {
        let (mapping, items) = (self.top()?, pairs(items)?);
        match &mut self.values[mapping.0 as usize] {
            PickleValue::Dict(all) => all.extend(items),
            PickleValue::Object(object) => object.items.extend(items),
            _ => {}
        }
        Ok(())
    }
}

/// The stack and the memo.
impl Unpickler<'_> {
    pub(super) fn top(&self) -> Result<PickleId, PickleError> {
        let top = self.stack.last().copied();
        top.ok_or_else(|| PickleError::invalid("its stack is empty"))
    }

    pub(super) fn pop(&mut self) -> Result<PickleId, PickleError> {
        self.stack.pop().ok_or_else(|| PickleError::invalid("its stack is empty"))
    }

    pub(super) fn pop_last(&mut self, count: usize) -> Result<Vec<PickleId>, PickleError> {
        let start = self.stack.len().checked_sub(count);
        let start = start.ok_or_else(|| PickleError::invalid("its stack is empty"))?;
        Ok(self.stack.split_off(start))
    }

    pub(super) fn since_mark(&mut self) -> Result<Vec<PickleId>, PickleError> {
        let mark = self.marks.pop().filter(|&mark| mark <= self.stack.len());
        let mark = mark.ok_or_else(|| PickleError::invalid("its stack has no mark"))?;
        Ok(self.stack.split_off(mark))
    }

    pub(super) fn put_memo(&mut self, number: Option<u64>) -> Result<(), PickleError> {
        let number = number.ok_or_else(|| PickleError::invalid("a reference has no number"))?;
        let top = self.top()?;
        self.memo.insert(number, top);
        Ok(())
    }

    pub(super) fn get_memo(&mut self, number: Option<u64>) -> Result<(), PickleError> {
        let known = number.and_then(|number| self.memo.get(&number));
        let &id = known.ok_or_else(|| PickleError::invalid("it refers to nothing"))?;
        self.stack.push(id);
        Ok(())
    }
}

/// Keys and values in turn as pairs.
pub(super) fn pairs(elements: &[PickleId]) -> Result<Vec<(PickleId, PickleId)>, PickleError> {
    match elements.as_chunks() {
        (pairs, []) => Ok(pairs.iter().map(|&[key, value]| (key, value)).collect()),
        _ => Err(PickleError::invalid("a key has no value")),
    }
}
