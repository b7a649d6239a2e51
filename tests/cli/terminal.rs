//! Progress on a terminal: lines that fit the width and disappear at the end.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};

use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcgetattr, tcsetwinsize};

use super::running::Running;
use super::{ARCHITECTURE, Workspace, train};

/// A pseudo-terminal without a window.
struct Terminal {
    /// Reads everything that is written until all programs have closed the terminal. It runs beside
    /// them, because a terminal that nobody reads blocks the programs.
    reader: JoinHandle<Vec<u8>>,
    /// The side of programs.
    slave: File,
    columns: usize,
}

impl Terminal {
    fn new(columns: usize) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = OpenOptions::new().read(true).write(true).open(name).unwrap();
        let size = Winsize { ws_row: 50, ws_col: columns as u16, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&slave, size).unwrap();
        Self { reader: thread::spawn(|| read_all(master.into())), slave, columns }
    }

    /// Connects the standard error of a command, with its progress, to the terminal.
    fn show(&self, command: &mut Command) {
        command.stdout(Stdio::null()).stderr(self.slave.try_clone().unwrap());
    }

    /// Waits until all programs have closed the terminal.
    fn read(self) -> Screen {
        let Self { reader, slave, columns } = self;
        drop(slave);
        let bytes = reader.join().unwrap();
        let mut screen =
            Screen { columns, lines: vec![String::new()], row: 0, column: 0, longest: 0 };
        screen.write(&String::from_utf8(bytes).unwrap());
        screen
    }
}

/// Reads a terminal from the side of its window.
fn read_all(mut master: File) -> Vec<u8> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    // On Linux, the end is an error; on other systems it is a read of 0 bytes.
    while let Ok(length @ 1..) = master.read(&mut chunk) {
        bytes.extend_from_slice(&chunk[..length]);
    }
    bytes
}

/// The text that a terminal shows.
struct Screen {
    columns: usize,
    lines: Vec<String>,
    row: usize,
    column: usize,
    /// The largest number of lines at any time.
    longest: usize,
}

impl Screen {
    fn write(&mut self, text: &str) {
        let mut rest = text.chars();
        while let Some(letter) = rest.next() {
            match letter {
                '\r' => self.column = 0,
                '\n' => self.line_feed(),
                '\u{1b}' => self.control(&mut rest),
                letter => self.put(letter),
            }
            let seen = self.lines.iter().filter(|line| !line.trim().is_empty()).count();
            self.longest = self.longest.max(seen);
        }
    }

    fn line_feed(&mut self) {
        self.row += 1;
        if self.row == self.lines.len() {
            self.lines.push(String::new());
        }
    }

    /// `ESC [ NUMBER LETTER`
    fn control(&mut self, rest: &mut std::str::Chars<'_>) {
        assert_eq!(rest.next(), Some('['));
        let mut number = String::new();
        let letter = loop {
            match rest.next().unwrap() {
                digit if digit.is_ascii_digit() || digit == ';' => number.push(digit),
                letter => break letter,
            }
        };
        let count = number.parse().unwrap_or(1);
        match letter {
            'A' => self.row = self.row.saturating_sub(count),
            'B' => (0..count).for_each(|_| self.line_feed()),
            'K' => self.lines[self.row].clear(),
            'm' => {}
            other => panic!("the terminal does not know {other}"),
        }
    }

    fn put(&mut self, letter: char) {
        if self.column == self.columns {
            self.column = 0;
            self.line_feed();
        }
        let mut line: Vec<char> = self.lines[self.row].chars().collect();
        line.resize(line.len().max(self.column + 1), ' ');
        line[self.column] = letter;
        self.lines[self.row] = line.into_iter().collect();
        self.column += 1;
    }

    /// The lines at the end, without empty lines and without trailing spaces.
    fn left(&self) -> Vec<&str> {
        self.lines.iter().map(|line| line.trim_end()).filter(|line| !line.is_empty()).collect()
    }
}

/// Runs a command to its end on a terminal.
fn shown(workspace: &Workspace, arguments: &str, columns: usize) -> Screen {
    let terminal = Terminal::new(columns);
    let mut command = workspace.command(arguments);
    terminal.show(&mut command);
    let mut child = command.spawn().unwrap();
    drop(command);
    let screen = terminal.read();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments}");
    screen
}

#[test]
fn progress_is_one_line_and_disappears() {
    let workspace = Workspace::new();
    for columns in [80, 40] {
        let run = format!("run-{columns}");
        for arguments in [
            train(&run),
            format!("extract {run} --gauge calibrated --limit 50"),
            format!("extract {run} --limit 50"),
            format!("evaluate {run}"),
            format!("experiment exactness {run}"),
            "bounds fcn4".to_owned(),
        ] {
            let screen = shown(&workspace, &arguments, columns);
            assert_eq!(screen.longest, 1, "{arguments}, {columns} columns");
            assert!(screen.left().is_empty(), "{arguments}: {:?}", screen.left());
        }
    }
}

#[test]
fn the_curves_of_a_training_stand_above_its_progress_and_disappear() {
    let workspace = Workspace::new();
    for (columns, lines) in [(80, 3), (47, 1)] {
        let arguments = format!(
            "train {ARCHITECTURE} --dataset file:data.safetensors --epochs 3 --out run-{columns}"
        );
        let screen = shown(&workspace, &arguments, columns);
        assert_eq!(screen.longest, lines, "{columns} columns");
        assert!(screen.left().is_empty(), "{:?}", screen.left());
    }
}

#[test]
fn quiet_and_idle_commands_show_no_progress() {
    let workspace = Workspace::with_terms();
    for arguments in ["evaluate run --quiet", "evaluate run --json", "inspect run", "list"] {
        assert_eq!(shown(&workspace, arguments, 80).longest, 0, "{arguments}");
    }
}

#[test]
fn an_interrupt_leaves_one_line_and_a_clean_terminal() {
    let workspace = Workspace::new();
    let terminal = Terminal::new(500);
    let before = format!("{:?}", tcgetattr(&terminal.slave).unwrap());
    let arguments =
        format!("train {ARCHITECTURE} --dataset file:data.safetensors --epochs 1000000 --out run");
    let mut command = workspace.command(&arguments);
    terminal.show(&mut command);
    let mut running = Running::spawn(&mut command, &arguments, workspace.path("run"));
    drop(command);
    assert!(running.wait_for_files(12), "the training has not ended");
    running.signal(Signal::Int);
    assert_eq!(running.child().wait().unwrap().code(), Some(130));
    assert_eq!(format!("{:?}", tcgetattr(&terminal.slave).unwrap()), before);
    let screen = terminal.read();
    let left = screen.left();
    assert!(left.len() == 1 && left[0].starts_with("interrupted: "), "{left:?}");
}
