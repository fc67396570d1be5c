use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// Shorthand for results of the contract.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, for programs to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller passed something no graph of this kind accepts: names, shapes, dtypes, lengths.
    InvalidArgument,
    /// Model bytes that are not what their encoding says.
    InvalidEncoding,
    /// No model or device of that name.
    NotFound,
    /// Policy forbids it to this tenant.
    Denied,
    /// Well-formed, but this device or build cannot do it.
    Unsupported,
    /// A limit of the tenant or of the host is exceeded.
    TooLarge,
    /// The device has no memory left for it.
    OutOfMemory,
    /// A deadline passed.
    Timeout,
    /// The work was cancelled.
    Cancelled,
    /// Not now: the device or service is busy or absent. Trying again, or elsewhere, may help.
    Unavailable,
    /// The device failed and must be opened anew.
    DeviceLost,
    /// The device or its library reported a failure while computing.
    Failed,
    /// A defect in Godwit.
    Internal,
}

impl ErrorKind {
    /// Whether the same call may succeed later or on another device.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Unavailable | Self::DeviceLost | Self::OutOfMemory)
    }
}

/// An error of the contract: a kind for programs, a message for guests, a source for operators.
///
/// The message is shown to guests, so it holds no path, host name, address or library text. What a
/// library said belongs into [`Error::with_source`], which only the operator's log prints.
pub struct Error(Box<Parts>);

struct Parts {
    kind: ErrorKind,
    message: Cow<'static, str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error whose `message` is safe to show to a guest.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Parts { kind, message: message.into(), source: None }))
    }

    /// Adds the cause, for the operator's eyes only.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What happened, in words that may be shown to a guest.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The message followed by every cause, for the operator's log.
    pub fn report(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

macro_rules! shorthand {
    ($($name:ident => $kind:ident),* $(,)?) => {
        impl Error {
            $(
                #[doc = concat!("An error of kind [`ErrorKind::", stringify!($kind), "`].")]
                pub fn $name(message: impl Into<Cow<'static, str>>) -> Self {
                    Self::new(ErrorKind::$kind, message)
                }
            )*
        }
    };
}

shorthand! {
    invalid_argument => InvalidArgument,
    invalid_encoding => InvalidEncoding,
    not_found => NotFound,
    denied => Denied,
    unsupported => Unsupported,
    too_large => TooLarge,
    out_of_memory => OutOfMemory,
    timeout => Timeout,
    cancelled => Cancelled,
    unavailable => Unavailable,
    device_lost => DeviceLost,
    failed => Failed,
    internal => Internal,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}
