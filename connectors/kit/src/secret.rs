//! Secrets that can be read anew: after a reload, and after a 401.

use std::sync::Arc;

use secrecy::SecretString;

/// Where a credential comes from. Reading may fail (a file that is gone); the text of the error names the source, never
/// the value.
#[derive(Clone)]
pub struct Secret(Arc<dyn Fn() -> Result<SecretString, String> + Send + Sync>);

impl Secret {
    /// A secret that `read` yields.
    pub fn new(read: impl Fn() -> Result<SecretString, String> + Send + Sync + 'static) -> Secret {
        Secret(Arc::new(read))
    }

    /// A secret that never changes, for tests and the demo.
    pub fn fixed(value: &str) -> Secret {
        let value = SecretString::from(value.to_owned());
        Secret::new(move || Ok(value.clone()))
    }

    /// Its value now.
    pub fn read(&self) -> Result<SecretString, String> {
        (self.0)()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret([set])")
    }
}
