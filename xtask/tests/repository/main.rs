//! What holds for the repository as a whole: its commands, and the files that it ships.

mod chores;
mod shipped_files;
