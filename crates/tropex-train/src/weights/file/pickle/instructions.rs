//! The instructions of a pickle, group by group.

use super::machine::{OTHER, Unpickler, pairs};
use super::opcode::*;
use super::{PickleError, PickleId, PickleValue};

impl Unpickler<'_> {
    /// Runs up to `STOP`. Returns all values, the value that the pickle stands for, and the number
    /// of bytes read.
    pub(super) fn run(mut self) -> Result<(Vec<PickleValue>, PickleId, usize), PickleError> {
        loop {
            match self.take(1)?[0] {
                STOP => {
                    let root = self.pop()?;
                    return Ok((self.values, root, self.at));
                }
                opcode => self.step(opcode)?,
            }
        }
    }

    /// Runs one instruction.
    fn step(&mut self, opcode: u8) -> Result<(), PickleError> {
        match opcode {
            MARK | POP | POP_MARK | DUP | PROTO | FRAME => self.change_stack(opcode),
            NONE | NEWTRUE | NEWFALSE | FLOAT | BINFLOAT | INT | LONG | BININT | BININT1
            | BININT2 | LONG1 | LONG4 => self.push_number(opcode),
            STRING | UNICODE | BINSTRING | SHORT_BINSTRING | BINUNICODE | SHORT_BINUNICODE
            | BINUNICODE8 | BINBYTES | SHORT_BINBYTES | BINBYTES8 | BYTEARRAY8 => {
                self.push_string(opcode)
            }
            EMPTY_LIST
            | LIST
            | APPEND
            | APPENDS
            | EMPTY_TUPLE
            | TUPLE
            | TUPLE1..=TUPLE3
            | EMPTY_DICT
            | DICT
            | SETITEM
            | SETITEMS
            | EMPTY_SET
            | ADDITEMS
            | FROZENSET => self.change_container(opcode),
            GLOBAL | STACK_GLOBAL | REDUCE | NEWOBJ | NEWOBJ_EX | OBJ | INST | BUILD | PERSID
            | BINPERSID => self.change_object(opcode),
            GET | BINGET | LONG_BINGET | PUT | BINPUT | LONG_BINPUT | MEMOIZE => {
                self.use_memo(opcode)
            }
            other => Err(PickleError::Invalid(format!("instruction {other:#04x} of a pickle"))),
        }
    }

    fn change_stack(&mut self, opcode: u8) -> Result<(), PickleError> {
        match opcode {
            MARK => self.marks.push(self.stack.len()),
            POP => match self.marks.last() {
                Some(&mark) if mark == self.stack.len() => drop(self.marks.pop()),
                _ => drop(self.pop()?),
            },
            POP_MARK => drop(self.since_mark()?),
            DUP => self.stack.push(self.top()?),
            PROTO => drop(self.take(1)?),
            _ => drop(self.take(8)?),
        }
        Ok(())
    }

    fn push_number(&mut self, opcode: u8) -> Result<(), PickleError> {
        match opcode {
            FLOAT => drop(self.line()?),
            BINFLOAT => drop(self.take(8)?),
            INT | LONG => {
                let line = self.line()?;
                return self.push_integer(line.trim_end_matches('L').parse().ok());
            }
            BININT => {
                let number = i32::from_le_bytes(self.array()?);
                return self.push_integer(Some(number.into()));
            }
            BININT1 => return self.push_unsigned(1),
            BININT2 => return self.push_unsigned(2),
            LONG1 => return self.push_long(1),
            LONG4 => return self.push_long(4),
            _ => {}
        }
        self.stack.push(OTHER);
        Ok(())
    }

    fn push_string(&mut self, opcode: u8) -> Result<(), PickleError> {
        match opcode {
            STRING | UNICODE => {
                let text = self.line()?.trim_matches(['\'', '"']).to_owned();
                self.push(PickleValue::Text(text))
            }
            BINSTRING | BINUNICODE => self.push_text(4),
            SHORT_BINSTRING | SHORT_BINUNICODE => self.push_text(1),
            BINUNICODE8 => self.push_text(8),
            BINBYTES => self.skip_bytes(4),
            SHORT_BINBYTES => self.skip_bytes(1),
            _ => self.skip_bytes(8),
        }
    }

    fn change_container(&mut self, opcode: u8) -> Result<(), PickleError> {
        match opcode {
            EMPTY_LIST | EMPTY_TUPLE => self.push(PickleValue::Sequence(Vec::new())),
            LIST | TUPLE => {
                let elements = self.since_mark()?;
                self.push(PickleValue::Sequence(elements))
            }
            TUPLE1..=TUPLE3 => {
                let elements = self.pop_last(usize::from(opcode - TUPLE1) + 1)?;
                self.push(PickleValue::Sequence(elements))
            }
            APPEND => self.pop_last(1).and_then(|elements| self.append(&elements)),
            APPENDS => self.since_mark().and_then(|elements| self.append(&elements)),
            EMPTY_DICT => self.push(PickleValue::Dict(Vec::new())),
            DICT => {
                let items = pairs(&self.since_mark()?)?;
                self.push(PickleValue::Dict(items))
            }
            SETITEM => self.pop_last(2).and_then(|item| self.set_items(&item)),
            SETITEMS => self.since_mark().and_then(|items| self.set_items(&items)),
            ADDITEMS => self.since_mark().map(drop),
            set => {
                if set == FROZENSET {
                    self.since_mark()?;
                }
                self.stack.push(OTHER);
                Ok(())
            }
        }
    }

    fn change_object(&mut self, opcode: u8) -> Result<(), PickleError> {
        match opcode {
            GLOBAL => {
                let name = self.global_line()?;
                self.push(PickleValue::Global(name))
            }
            STACK_GLOBAL => {
                let name = match self.pop_last(2)?[..] {
                    [module, name] => self.joined(module, name),
                    _ => None,
                };
                let name = name.ok_or_else(|| PickleError::invalid("a class has no name"))?;
                self.push(PickleValue::Global(name))
            }
            REDUCE | NEWOBJ | NEWOBJ_EX => {
                if opcode == NEWOBJ_EX {
                    self.pop()?;
                }
                let arguments = self.pop()?;
                let class = self.pop()?;
                self.push_object(class, arguments)
            }
            OBJ => {
                let elements = self.since_mark()?;
                let (&class, arguments) = elements
                    .split_first()
                    .ok_or_else(|| PickleError::invalid("an object has no class"))?;
                let arguments = self.add(PickleValue::Sequence(arguments.to_vec()))?;
                self.push_object(class, arguments)
            }
            INST => {
                let name = self.global_line()?;
                let class = self.add(PickleValue::Global(name))?;
                let elements = self.since_mark()?;
                let arguments = self.add(PickleValue::Sequence(elements))?;
                self.push_object(class, arguments)
            }
            BUILD => {
                let state = self.pop()?;
                let object = self.top()?;
                if let PickleValue::Object(object) = &mut self.values[object.0 as usize] {
                    object.state = Some(state);
                }
                Ok(())
            }
            PERSID => {
                let line = self.line()?;
                let name = self.add(PickleValue::Text(line))?;
                self.push(PickleValue::Persistent(name))
            }
            _ => {
                let id = self.pop()?;
                self.push(PickleValue::Persistent(id))
            }
        }
    }

    fn use_memo(&mut self, opcode: u8) -> Result<(), PickleError> {
        match opcode {
            GET => {
                let number = self.line()?.parse().ok();
                self.get_memo(number)
            }
            BINGET => self.number(1).and_then(|number| self.get_memo(Some(number))),
            LONG_BINGET => self.number(4).and_then(|number| self.get_memo(Some(number))),
            PUT => {
                let number = self.line()?.parse().ok();
                self.put_memo(number)
            }
            BINPUT => self.number(1).and_then(|number| self.put_memo(Some(number))),
            LONG_BINPUT => self.number(4).and_then(|number| self.put_memo(Some(number))),
            _ => self.put_memo(Some(self.memo.len() as u64)),
        }
    }
}
