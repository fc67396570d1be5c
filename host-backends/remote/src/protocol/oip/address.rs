use url::Url;

use crate::options::RemoteModel;
use crate::protocol::name;

/// The URLs of a server.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Address {
    base: Url,
    /// The model that the URL selects.
    pub(crate) model: Option<String>,
    version: Option<String>,
}

impl Address {
    /// Parses `https://host/prefix`, which may end in `/v2` or `/v2/models/NAME[/versions/VERSION]`.
    pub(crate) fn of(url: &Url) -> Self {
        let mut base = url.clone();
        let path: Vec<&str> = url.path_segments().into_iter().flatten().collect();
        let at = path.iter().rposition(|segment| *segment == "v2");
        let (mut model, mut version) = (None, None);
        if let Some(at) = at {
            let (before, after) = path.split_at(at);
            match after {
                ["v2", "models", name, rest @ ..] if !name.is_empty() => {
                    model = Some(decoded(name));
                    if let ["versions", number, ..] = rest {
                        version = Some(decoded(number));
                    }
                    base.set_path(&before.join("/"));
                }
                ["v2"] | ["v2", ""] => base.set_path(&before.join("/")),
                _ => {}
            }
        }
        Self { base, model, version }
    }

    fn join<'a>(&'a self, segments: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    pub(super) fn server(&self) -> Url {
        self.join(["v2"])
    }

    pub(super) fn server_ready(&self) -> Url {
        self.join(["v2", "health", "ready"])
    }

    fn of_model<'a>(&'a self, model: &'a RemoteModel, last: Option<&'a str>) -> Url {
        let version = model.version.as_deref().or(self.version.as_deref());
        let version = version.map(|version| ["versions", version]);
        let segments = ["v2", "models", name(model)].into_iter();
        self.join(segments.chain(version.into_iter().flatten()).chain(last))
    }

    pub(super) fn model(&self, model: &RemoteModel) -> Url {
        self.of_model(model, None)
    }

    pub(super) fn ready(&self, model: &RemoteModel) -> Url {
        self.of_model(model, Some("ready"))
    }

    pub(super) fn infer(&self, model: &RemoteModel) -> Url {
        self.of_model(model, Some("infer"))
    }
}

/// A path segment, percent-decoded.
fn decoded(segment: &str) -> String {
    let mut pairs = url::form_urlencoded::parse(segment.replace('+', "%2B").as_bytes())
        .map(
            |(key, value)| {
                if value.is_empty() { key.into_owned() } else { format!("{key}={value}") }
            },
        )
        .collect::<Vec<_>>();
    if pairs.len() == 1 { pairs.remove(0) } else { segment.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_may_end_at_the_server_or_at_a_model() {
        let of = |text: &str| Address::of(&text.parse().unwrap());
        let named = |text: &str| {
            let address = of(text);
            let model = address.model.clone().unwrap_or_else(|| "m".into());
            address.infer(&RemoteModel { model: Some(model), ..RemoteModel::default() }).to_string()
        };
        for (url, infer) in [
            ("http://h:1", "http://h:1/v2/models/m/infer"),
            ("http://h:1/", "http://h:1/v2/models/m/infer"),
            ("http://h/pre/v2", "http://h/pre/v2/models/m/infer"),
            ("http://h/pre/", "http://h/pre/v2/models/m/infer"),
            ("https://h/v2/models/d%20t", "https://h/v2/models/d%20t/infer"),
            ("https://h/a/v2/models/d/versions/3", "https://h/a/v2/models/d/versions/3/infer"),
        ] {
            assert_eq!(named(url), infer);
        }
    }

    #[test]
    fn a_name_cannot_leave_its_segment() {
        let address = Address::of(&"http://h".parse().unwrap());
        let model = RemoteModel { model: Some("../a/b?c#d".into()), ..RemoteModel::default() };
        assert_eq!(address.model(&model).as_str(), "http://h/v2/models/..%2Fa%2Fb%3Fc%23d");
        let model = RemoteModel { model: Some("..".into()), ..RemoteModel::default() };
        assert!(!address.model(&model).as_str().contains(".."));
    }
}
