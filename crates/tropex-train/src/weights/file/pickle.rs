//! Python's pickles, read without running them.
//!
//! What a pickle would import becomes a name, what it would call becomes a [`PickleObject`] that keeps
//! the name and the arguments. Values stand in one table and refer to each other by [`PickleId`], so that
//! nothing is copied, however often a pickle refers to it.

use std::collections::HashMap;

/// Most values of a pickle; the largest training checkpoints hold some hundred thousand.
const MAX_VALUES: usize = 4 << 20;

/// A value of a pickle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PickleId(u32);

/// A call or an instance of a class, with what was put into it afterwards.
#[derive(Debug)]
pub(super) struct PickleObject {
    /// What is called, most often a [`PickleValue::Global`].
    pub(super) class: PickleId,
    /// A tuple.
    pub(super) arguments: PickleId,
    pub(super) state: Option<PickleId>,
    /// What it holds if it is a mapping.
    pub(super) items: Vec<(PickleId, PickleId)>,
}

#[derive(Debug)]
pub(super) enum PickleValue {
    Int(i64),
    Text(String),
    Sequence(Vec<PickleId>),
    Dict(Vec<(PickleId, PickleId)>),
    /// `module.name`
    Global(String),
    /// What the program that unpickles has to know.
    Persistent(PickleId),
    Object(Box<PickleObject>),
    /// Anything else: `None`, floats, bytes, sets.
    Other,
}

/// A pickle that was read.
#[derive(Debug)]
pub(super) struct Pickle {
    values: Vec<PickleValue>,
    root: PickleId,
    /// Bytes that it takes.
    pub(super) length: usize,
}

impl Pickle {
    /// Reads the pickle at the start of `bytes`.
    ///
    /// # Errors
    /// [`PickleError::Cut`] where `bytes` end too early.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, PickleError> {
        let mut unpickler = Unpickler { bytes, ..Unpickler::default() };
        unpickler.values.push(PickleValue::Other);
        while let Some(root) = unpickler.step()? {
            if let Some(root) = root.0 {
                return Ok(Self { values: unpickler.values, root, length: unpickler.at });
            }
        }
        Err(PickleError::Cut)
    }

    pub(super) fn root(&self) -> PickleId {
        self.root
    }

    pub(super) fn get(&self, id: PickleId) -> &PickleValue {
        &self.values[id.0 as usize]
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &PickleValue> {
        self.values.iter()
    }

    /// The elements of a list or tuple.
    pub(super) fn sequence(&self, id: PickleId) -> Option<&[PickleId]> {
        match self.get(id) {
            PickleValue::Sequence(elements) => Some(elements),
            _ => None,
        }
    }

    pub(super) fn text(&self, id: PickleId) -> Option<&str> {
        match self.get(id) {
            PickleValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number that is not negative.
    pub(super) fn size(&self, id: PickleId) -> Option<usize> {
        match self.get(id) {
            PickleValue::Int(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    /// The name of a class or function.
    pub(super) fn global(&self, id: PickleId) -> Option<&str> {
        match self.get(id) {
            PickleValue::Global(name) => Some(name),
            _ => None,
        }
    }

    /// Keys and values of a dictionary, or of an object that is one.
    pub(super) fn items(&self, id: PickleId) -> Option<&[(PickleId, PickleId)]> {
        match self.get(id) {
            PickleValue::Dict(items) => Some(items),
            PickleValue::Object(object) if !object.items.is_empty() => Some(&object.items),
            _ => None,
        }
    }
}

/// Why a pickle cannot be read.
#[derive(Debug, PartialEq)]
pub(super) enum PickleError {
    /// It does not end where the bytes do.
    Cut,
    /// It is none, or holds what nobody would store beside weights.
    Invalid(String),
}

impl PickleError {
    fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }
}

impl From<PickleError> for String {
    fn from(problem: PickleError) -> Self {
        match problem {
            PickleError::Cut => "its pickle ends too early".into(),
            PickleError::Invalid(reason) => reason,
        }
    }
}

/// What an instruction says of the end: the root if this was it.
struct Ended(Option<PickleId>);

/// Python's unpickling machine.
#[derive(Default)]
struct Unpickler<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<PickleId>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u64, PickleId>,
    values: Vec<PickleValue>,
}

/// The first value of the table, which many share.
const OTHER: PickleId = PickleId(0);

impl Unpickler<'_> {
    /// Carries out one instruction; `None` where no byte is left.
    fn step(&mut self) -> Result<Option<Ended>, PickleError> {
        let Some(&code) = self.bytes.get(self.at) else { return Ok(None) };
        self.at += 1;
        match code {
            b'.' => return Ok(Some(Ended(Some(self.pop()?)))),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => match self.marks.last() {
                Some(&mark) if mark == self.stack.len() => drop(self.marks.pop()),
                _ => drop(self.pop()?),
            },
            b'1' => drop(self.since_mark()?),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
            }
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'N' | 0x88 | 0x89 => self.stack.push(OTHER),
            b'F' => {
                self.line()?;
                self.stack.push(OTHER);
            }
            b'G' => {
                self.take(8)?;
                self.stack.push(OTHER);
            }
            b'I' | b'L' => {
                let line = self.line()?;
                let number = line.trim_end_matches('L').parse();
                self.push_integer(number.ok())?;
            }
            b'J' => {
                let number = i32::from_le_bytes(self.array()?);
                self.push_integer(Some(number.into()))?;
            }
            b'K' => self.push_sized_integer(1)?,
            b'M' => self.push_sized_integer(2)?,
            0x8a => self.push_long(1)?,
            0x8b => self.push_long(4)?,
            b'S' | b'V' => {
                let line = self.line()?;
                let text = line.trim_matches(['\'', '"']).to_owned();
                self.push(PickleValue::Text(text))?;
            }
            b'T' | b'X' => self.push_text(4)?,
            b'U' | 0x8c => self.push_text(1)?,
            0x8d => self.push_text(8)?,
            b'B' => self.skip_bytes(4)?,
            b'C' => self.skip_bytes(1)?,
            0x8e | 0x96 => self.skip_bytes(8)?,
            b']' | b')' => self.push(PickleValue::Sequence(Vec::new()))?,
            b'l' | b't' => {
                let elements = self.since_mark()?;
                self.push(PickleValue::Sequence(elements))?;
            }
            0x85..=0x87 => {
                let elements = self.pop_last(usize::from(code - 0x84))?;
                self.push(PickleValue::Sequence(elements))?;
            }
            b'}' => self.push(PickleValue::Dict(Vec::new()))?,
            b'd' => {
                let items = pairs(&self.since_mark()?)?;
                self.push(PickleValue::Dict(items))?;
            }
            b'a' => drop(self.pop_last(1).and_then(|elements| self.append(&elements))?),
            b'e' => drop(self.since_mark().and_then(|elements| self.append(&elements))?),
            b's' => drop(self.pop_last(2).and_then(|item| self.set(&item))?),
            b'u' => drop(self.since_mark().and_then(|items| self.set(&items))?),
            0x8f => self.stack.push(OTHER),
            0x90 => drop(self.since_mark()?),
            0x91 => {
                self.since_mark()?;
                self.stack.push(OTHER);
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(PickleValue::Global(format!("{module}.{name}")))?;
            }
            0x93 => {
                let name = match self.pop_last(2)?[..] {
                    [module, name] => self.joined(module, name),
                    _ => None,
                };
                let name = name.ok_or_else(|| PickleError::invalid("a class has no name"))?;
                self.push(PickleValue::Global(name))?;
            }
            b'R' | 0x81 => {
                let arguments = self.pop()?;
                let class = self.pop()?;
                self.push_object(class, arguments)?;
            }
            0x92 => {
                self.pop()?;
                let arguments = self.pop()?;
                let class = self.pop()?;
                self.push_object(class, arguments)?;
            }
            b'o' => {
                let elements = self.since_mark()?;
                let (&class, arguments) = elements
                    .split_first()
                    .ok_or_else(|| PickleError::invalid("an object has no class"))?;
                let arguments = self.add(PickleValue::Sequence(arguments.to_vec()))?;
                self.push_object(class, arguments)?;
            }
            b'i' => {
                let (module, name) = (self.line()?, self.line()?);
                let class = self.add(PickleValue::Global(format!("{module}.{name}")))?;
                let elements = self.since_mark()?;
                let arguments = self.add(PickleValue::Sequence(elements))?;
                self.push_object(class, arguments)?;
            }
            b'b' => {
                let state = self.pop()?;
                let object = self.top()?;
                if let PickleValue::Object(object) = &mut self.values[object.0 as usize] {
                    object.state = Some(state);
                }
            }
            b'P' => {
                let line = self.line()?;
                let name = self.add(PickleValue::Text(line))?;
                self.push(PickleValue::Persistent(name))?;
            }
            b'Q' => {
                let id = self.pop()?;
                self.push(PickleValue::Persistent(id))?;
            }
            b'g' => {
                let number = self.line()?.parse().ok();
                self.recall(number)?;
            }
            b'h' => self.recall_sized(1)?,
            b'j' => self.recall_sized(4)?,
            b'p' => {
                let number: Option<u64> = self.line()?.parse().ok();
                self.remember(number)?;
            }
            b'q' => self.remember_sized(1)?,
            b'r' => self.remember_sized(4)?,
            0x94 => self.remember(Some(self.memo.len() as u64))?,
            other => {
                return Err(PickleError::Invalid(format!("instruction {other:#04x} of a pickle")));
            }
        }
        Ok(Some(Ended(None)))
    }

    fn take(&mut self, count: usize) -> Result<&[u8], PickleError> {
        let end = self.at.checked_add(count).ok_or(PickleError::Cut)?;
        let taken = self.bytes.get(self.at..end).ok_or(PickleError::Cut)?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        self.take(N)?.try_into().map_err(|_| PickleError::Cut)
    }

    /// A number of `bytes` bytes, at most 8, without sign.
    fn number(&mut self, bytes: usize) -> Result<u64, PickleError> {
        let mut wide = [0; 8];
        wide[..bytes].copy_from_slice(self.take(bytes)?);
        Ok(u64::from_le_bytes(wide))
    }

    fn length(&mut self, bytes: usize) -> Result<usize, PickleError> {
        usize::try_from(self.number(bytes)?).map_err(|_| PickleError::Cut)
    }

    /// Text up to the end of the line.
    fn line(&mut self) -> Result<String, PickleError> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|&byte| byte == b'\n').ok_or(PickleError::Cut)?;
        let text = String::from_utf8_lossy(&rest[..end]).trim_end_matches('\r').to_owned();
        self.at += end + 1;
        Ok(text)
    }

    fn add(&mut self, value: PickleValue) -> Result<PickleId, PickleError> {
        if self.values.len() >= MAX_VALUES {
            return Err(PickleError::Invalid(format!(
                "it holds more than {MAX_VALUES} Python values"
            )));
        }
        self.values.push(value);
        Ok(PickleId((self.values.len() - 1) as u32))
    }

    fn push(&mut self, value: PickleValue) -> Result<(), PickleError> {
        let id = self.add(value)?;
        self.stack.push(id);
        Ok(())
    }

    fn push_integer(&mut self, number: Option<i64>) -> Result<(), PickleError> {
        self.push(number.map_or(PickleValue::Other, PickleValue::Int))
    }

    fn push_sized_integer(&mut self, bytes: usize) -> Result<(), PickleError> {
        let number = self.number(bytes)?;
        self.push_integer(i64::try_from(number).ok())
    }

    /// An integer in two's complement, after its length.
    fn push_long(&mut self, length_bytes: usize) -> Result<(), PickleError> {
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

    fn push_text(&mut self, length_bytes: usize) -> Result<(), PickleError> {
        let length = self.length(length_bytes)?;
        let text = String::from_utf8_lossy(self.take(length)?).into_owned();
        self.push(PickleValue::Text(text))
    }

    fn skip_bytes(&mut self, length_bytes: usize) -> Result<(), PickleError> {
        let length = self.length(length_bytes)?;
        self.take(length)?;
        self.stack.push(OTHER);
        Ok(())
    }

    fn push_object(&mut self, class: PickleId, arguments: PickleId) -> Result<(), PickleError> {
        let items = self.initial_items(arguments);
        let object = PickleObject { class, arguments, state: None, items };
        self.push(PickleValue::Object(Box::new(object)))
    }

    /// The items of an `OrderedDict` as Python 2 pickles it: called with a list of pairs.
    fn initial_items(&self, arguments: PickleId) -> Vec<(PickleId, PickleId)> {
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

    fn joined(&self, module: PickleId, name: PickleId) -> Option<String> {
        match (&self.values[module.0 as usize], &self.values[name.0 as usize]) {
            (PickleValue::Text(module), PickleValue::Text(name)) => {
                Some(format!("{module}.{name}"))
            }
            _ => None,
        }
    }

    fn top(&self) -> Result<PickleId, PickleError> {
        let top = self.stack.last().copied();
        top.ok_or_else(|| PickleError::invalid("its stack is empty"))
    }

    fn pop(&mut self) -> Result<PickleId, PickleError> {
        self.stack.pop().ok_or_else(|| PickleError::invalid("its stack is empty"))
    }

    fn pop_last(&mut self, count: usize) -> Result<Vec<PickleId>, PickleError> {
        let start = self.stack.len().checked_sub(count);
        let start = start.ok_or_else(|| PickleError::invalid("its stack is empty"))?;
        Ok(self.stack.split_off(start))
    }

    fn since_mark(&mut self) -> Result<Vec<PickleId>, PickleError> {
        let mark = self.marks.pop().filter(|&mark| mark <= self.stack.len());
        let mark = mark.ok_or_else(|| PickleError::invalid("its stack has no mark"))?;
        Ok(self.stack.split_off(mark))
    }

    fn append(&mut self, elements: &[PickleId]) -> Result<(), PickleError> {
        let list = self.top()?;
        if let PickleValue::Sequence(list) = &mut self.values[list.0 as usize] {
            list.extend(elements);
        }
        Ok(())
    }

    fn set(&mut self, items: &[PickleId]) -> Result<(), PickleError> {
        let (mapping, items) = (self.top()?, pairs(items)?);
        match &mut self.values[mapping.0 as usize] {
            PickleValue::Dict(all) => all.extend(items),
            PickleValue::Object(object) => object.items.extend(items),
            _ => {}
        }
        Ok(())
    }

    fn remember(&mut self, number: Option<u64>) -> Result<(), PickleError> {
        let number = number.ok_or_else(|| PickleError::invalid("a reference has no number"))?;
        let top = self.top()?;
        self.memo.insert(number, top);
        Ok(())
    }

    fn remember_sized(&mut self, bytes: usize) -> Result<(), PickleError> {
        let number = self.number(bytes)?;
        self.remember(Some(number))
    }

    fn recall(&mut self, number: Option<u64>) -> Result<(), PickleError> {
        let known = number.and_then(|number| self.memo.get(&number));
        let &id = known.ok_or_else(|| PickleError::invalid("it refers to nothing"))?;
        self.stack.push(id);
        Ok(())
    }

    fn recall_sized(&mut self, bytes: usize) -> Result<(), PickleError> {
        let number = self.number(bytes)?;
        self.recall(Some(number))
    }
}

fn pairs(elements: &[PickleId]) -> Result<Vec<(PickleId, PickleId)>, PickleError> {
    match elements.as_chunks() {
        (pairs, []) => Ok(pairs.iter().map(|&[key, value]| (key, value)).collect()),
        _ => Err(PickleError::invalid("a key has no value")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Pickle {
        Pickle::read(text).unwrap()
    }

    #[test]
    fn dictionaries_keep_their_order_and_references_are_shared() {
        // {"b": [1, 2], "a": the same list}
        let pickle = read(b"\x80\x02}(U\x01b](K\x01K\x02eq\x05U\x01ah\x05u.rest");
        assert_eq!(pickle.length, 23);
        let items = pickle.items(pickle.root()).unwrap();
        let keys: Vec<_> = items.iter().map(|(key, _)| pickle.text(*key).unwrap()).collect();
        assert_eq!(keys, ["b", "a"]);
        assert_eq!(items[0].1, items[1].1);
        let list = pickle.sequence(items[0].1).unwrap();
        assert_eq!(list.iter().map(|&id| pickle.size(id)).collect::<Vec<_>>(), [Some(1), Some(2)]);
    }

    #[test]
    fn nothing_is_called() {
        let pickle = read(b"cos\nsystem\n(X\x02\0\0\0lstR.");
        let PickleValue::Object(object) = pickle.get(pickle.root()) else { panic!("no object") };
        assert_eq!(pickle.global(object.class), Some("os.system"));
        let arguments = pickle.sequence(object.arguments).unwrap();
        assert_eq!(pickle.text(arguments[0]), Some("ls"));
    }

    #[test]
    fn integers_of_all_lengths_are_read() {
        for (text, expected) in [
            (&b"\x8a\x02\xff\x00."[..], Some(255)),
            (b"\x8a\x00.", Some(0)),
            (b"M\x01\x02.", Some(513)),
            (b"J\x01\x00\x00\x00.", Some(1)),
            (b"\x8a\x01\xff.", None),
            (b"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00.", None),
        ] {
            let pickle = read(text);
            assert_eq!(pickle.size(pickle.root()), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_pickle_is_refused() {
        for text in [&b""[..], b"(", b"K", b"X\xff\xff\xff\x7fab", b"}(K\x01"] {
            assert_eq!(Pickle::read(text).unwrap_err(), PickleError::Cut, "{text:?}");
        }
        for text in [&b"."[..], b"t.", b"h\x00.", b"}(K\x01u.", b"\xff.", b"\x85.", b"\x93."] {
            let problem = Pickle::read(text).unwrap_err();
            assert!(matches!(problem, PickleError::Invalid(_)), "{text:?}: {problem:?}");
        }
    }
}
