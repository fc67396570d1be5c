//! Native engine libraries: where they are found on a machine, and how the pinned releases are installed.
