//! x-emulator.
