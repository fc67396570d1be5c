use std::str::FromStr;

use godwit_backend::DeviceId;
use godwit_platform::{Endpoint, REMOTE};

/// `ID`, or `remote=URL` for a service that is not configured.
#[derive(Debug, Clone)]
pub(crate) enum DeviceOption {
    Named(DeviceId),
    Service(Box<Endpoint>),
}

impl DeviceOption {
    /// Services are numbered in the order of the command line.
    pub(crate) fn service(address: &str, nth: usize) -> Result<Endpoint, String> {
        let id = format!("{REMOTE}:{nth}");
        let example = "write remote=https://HOST/v2/models/NAME, or grpc://HOST:PORT for gRPC";
        let endpoint = Endpoint::at(&id, address);
        endpoint
            .and_then(|endpoint| endpoint.check().map(|()| endpoint))
            .map_err(|error| format!("{}; {example}", error.message()))
    }

    pub(crate) fn id(&self) -> DeviceId {
        match self {
            Self::Named(id) => id.clone(),
            Self::Service(endpoint) => DeviceId::new(&endpoint.id),
        }
    }
}

impl FromStr for DeviceOption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("remote=") {
            Some(address) => Self::service(address, 0).map(|one| Self::Service(Box::new(one))),
            None => Ok(Self::Named(DeviceId::new(text))),
        }
    }
}

/// `remote=URL` alone.
#[derive(Debug, Clone)]
pub(crate) struct ServiceOption(Endpoint);

impl ServiceOption {
    /// Those of a command line, numbered.
    pub(crate) fn all(options: &[Self]) -> impl Iterator<Item = Endpoint> {
        let numbered = options.iter().enumerate();
        numbered.map(|(nth, Self(one))| {
            let mut endpoint = one.clone();
            endpoint.id = format!("{REMOTE}:{nth}");
            endpoint
        })
    }
}

impl FromStr for ServiceOption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = text
            .strip_prefix("remote=")
            .ok_or("write remote=URL; devices of this machine need not be named")?;
        DeviceOption::service(address, 0).map(Self)
    }
}

#[cfg(all(test, feature = "remote"))]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_named_by_its_address() {
        let named = |text: &str| match text.parse::<DeviceOption>() {
            Ok(DeviceOption::Service(one)) => Ok((one.id.clone(), one.named_model())),
            Ok(DeviceOption::Named(id)) => Ok((id.to_string(), None)),
            Err(error) => Err(error),
        };
        let digits = Some("digits".to_owned());
        for address in ["https://h/v2/models/digits", "grpc://h:8001/v2/models/digits"] {
            assert_eq!(
                named(&format!("remote={address}")),
                Ok(("remote:0".into(), digits.clone()))
            );
        }
        assert_eq!(named("remote=http://h:8000").unwrap().1, None);
        assert_eq!(named("cpu:0").unwrap().0, "cpu:0");
        for address in ["", "h:8000", "ftp://h", "https://me:s3cret@h"] {
            let error = named(&format!("remote={address}")).unwrap_err();
            assert!(error.contains("write remote=https://"), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
