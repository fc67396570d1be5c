use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What the library of a worker process needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Whether it does without a network and without other users' ids.
    pub namespaces: bool,
    /// Whether it opens no files but its own and those by which the system tells of itself.
    pub files: bool,
    /// Files and folders of the library.
    pub libraries: Vec<PathBuf>,
    /// The system calls that it needs once it is loaded.
    pub system_calls: SystemCalls,
    /// Bytes of memory that models and runs may take, all together.
    pub memory: Option<u64>,
}

/// System calls that a library needs once it is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemCalls {
    /// Any: a driver's are many.
    All,
    /// To compute: memory, threads, clocks, and files that are open.
    Compute,
    /// Further: to open files for reading, and to make memory executable, as libraries that compile models do.
    Compile,
}

impl Profile {
    /// Nothing is confined but what concerns every worker: no new privileges, no core file, its end with its host's.
    pub const fn open() -> Self {
        Self {
            namespaces: false,
            files: false,
            libraries: Vec::new(),
            system_calls: SystemCalls::All,
            memory: None,
        }
    }

    /// For a library that computes on the processor and needs `system_calls`.
    pub const fn processor(system_calls: SystemCalls) -> Self {
        Self { namespaces: true, files: true, libraries: Vec::new(), system_calls, memory: None }
    }
}

/// What holds a worker process. Each is true where the kernel enforces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Confinement {
    /// It has no network and no shared memory by name: namespaces of its own.
    pub namespaces: bool,
    /// It opens its library's files and what the system tells of itself, and nothing else: Landlock.
    pub files: bool,
    /// It makes only the system calls that its library needs: seccomp.
    pub system_calls: bool,
    /// Its memory is bounded.
    pub memory: bool,
}

impl Confinement {
    /// What this kernel does not enforce of what `profile` asks for.
    pub fn lacks(&self, profile: &Profile) -> Vec<&'static str> {
        [
            (profile.namespaces && !self.namespaces, "namespaces"),
            (profile.files && !self.files, "Landlock"),
            (profile.system_calls != SystemCalls::All && !self.system_calls, "seccomp"),
            (profile.memory.is_some() && !self.memory, "a memory limit"),
        ]
        .into_iter()
        .filter_map(|(lacks, name)| lacks.then_some(name))
        .collect()
    }
}
