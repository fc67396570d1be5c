use fastrand::Rng;

/// An input is no longer than this, in bytes.
const LONGEST: usize = 256 << 10;

/// Numbers at which code goes wrong.
const NUMBERS: [u64; 12] =
    [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 1 << 62, 1 << 63, u64::MAX];

/// Changes `input` in one to eight places; parts may come from `other`.
pub fn mutate(input: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    for _ in 0..rng.usize(1..=8) {
        let at = rng.usize(..=input.len());
        let len = rng.usize(1..=64).min(input.len() - at);
        match rng.u8(..9) {
            0 if len > 0 => input[at] ^= 1 << rng.u8(..8),
            1 if len > 0 => input[at] = rng.u8(..),
            2 => drop(
                input
                    .splice(at..at, (0..rng.usize(1..=64)).map(|_| rng.u8(..)).collect::<Vec<_>>()),
            ),
            3 => drop(input.drain(at..at + len)),
            4 => {
                let copy = input[at..at + len].to_vec();
                let to = rng.usize(..=input.len());
                input.splice(to..to, copy);
            }
            5 => input.truncate(at.max(1)),
            6 => {
                let bytes = NUMBERS[rng.usize(..NUMBERS.len())].to_le_bytes();
                let size = [1, 2, 4, 8][rng.usize(..4)].min(input.len() - at);
                input[at..at + size].copy_from_slice(&bytes[..size]);
            }
            7 if !other.is_empty() => {
                let from = rng.usize(..other.len());
                let len = rng.usize(1..=256).min(other.len() - from);
                input.splice(at..at, other[from..from + len].iter().copied());
            }
            _ if len > 0 => input[at..at + len].reverse(),
            _ => input.push(rng.u8(..)),
        }
    }
    input.truncate(LONGEST);
}
