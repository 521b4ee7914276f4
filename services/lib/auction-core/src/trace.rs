//! Where the trace of a command began, as W3C Trace Context writes it. The context is the creation's: kept in the journal
//! and never replaced by a later hop.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The flag of a trace that somebody keeps.
const SAMPLED: u8 = 1;

/// W3C trace id, span id and flags. As text it is the value of a `traceparent` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceContext {
    pub trace_id: [u8; 16],
    pub span_id: [u8; 8],
    pub flags: u8,
}

impl TraceContext {
    /// A trace that is kept.
    pub const fn sampled(trace_id: [u8; 16], span_id: [u8; 8]) -> Self {
        Self { trace_id, span_id, flags: SAMPLED }
    }

    /// Whether spans are to be made for it.
    pub const fn is_sampled(self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// The same place in the same trace, without spans of ours.
    pub const fn unsampled(self) -> Self {
        Self { flags: self.flags & !SAMPLED, ..self }
    }
}

/// A text that is no `traceparent` of version 00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is not a traceparent such as 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
pub struct NoTraceContext;

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("00-")?;
        self.trace_id.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("-")?;
        self.span_id.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, "-{:02x}", self.flags)
    }
}

impl FromStr for TraceContext {
    type Err = NoTraceContext;

    fn from_str(text: &str) -> Result<Self, NoTraceContext> {
        let mut parts = text.split('-');
        let mut part = || parts.next().ok_or(NoTraceContext);
        let (version, trace, span, flags) = (part()?, part()?, part()?, part()?);
        if version != "00" || parts.next().is_some() {
            return Err(NoTraceContext);
        }
        let [flags] = bytes(flags)?;
        let context = Self { trace_id: bytes(trace)?, span_id: bytes(span)?, flags };
        if context.trace_id == [0; 16] || context.span_id == [0; 8] { Err(NoTraceContext) } else { Ok(context) }
    }
}

/// Exactly `N` bytes in lower-case hexadecimal.
fn bytes<const N: usize>(text: &str) -> Result<[u8; N], NoTraceContext> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(NoTraceContext),
    };
    let text = text.as_bytes();
    if text.len() != 2 * N {
        return Err(NoTraceContext);
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_parent_survives_its_text() {
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let context: TraceContext = text.parse().unwrap();
        assert_eq!((context.trace_id[0], context.span_id[7], context.is_sampled()), (0x0a, 0x31, true));
        assert_eq!(context.to_string(), text);
        assert!(!context.unsampled().is_sampled());
    }

    #[test]
    fn anything_else_is_no_trace() {
        for bad in [
            "",
            "00",
            "00-00-00-00",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        ] {
            assert_eq!(bad.parse::<TraceContext>(), Err(NoTraceContext), "{bad}");
        }
    }
}
