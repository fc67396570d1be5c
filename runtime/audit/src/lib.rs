//! What a component asks for, and which devices of a fleet can give it.
