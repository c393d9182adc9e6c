//! Wanted state, and the loops that make it real.
