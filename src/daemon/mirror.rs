//! Reading without judging: what `sync` does.

use std::collections::BTreeMap;
use std::sync::Arc;

use connector_kit::Clock;

use super::{Engine, StartError};
use crate::config::Settings;
use crate::jobs::pull::{Connection, PullReport};
use crate::store::{ConnectionState, Store, StoreError, StorePath};

/// The reading half of an engine. It keeps no board, so that it takes little memory however large the tracker is; that is
/// why it can neither judge nor send.
pub struct Mirror(Engine);

impl Mirror {
    /// Opens the store and takes up the settings; asks no tool yet.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(settings: &Settings, store: StorePath, clock: Arc<dyn Clock>) -> Result<Mirror, StartError> {
        Engine::build(settings, store, clock, Store::open_unwatched).map(Mirror)
    }

    /// What is read.
    pub fn connections(&mut self) -> &mut Vec<Connection> {
        &mut self.0.connections
    }

    /// Lets every connection be read from the beginning again.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn start_over(&self) -> Result<(), StoreError> {
        for connection in &self.0.connections {
            self.0.core.start_over(connection.id, self.0.clock.now()).await?;
        }
        Ok(())
    }

    /// Reads every stream of every connection; see [`Engine::pull`]. What was read is on the disk then.
    ///
    /// # Errors
    /// Only the store's: what a tool did wrong is in the report.
    pub async fn pull(&self) -> Result<BTreeMap<String, PullReport>, StoreError> {
        let read = self.0.pull(true).await?;
        self.0.core.finish().await?;
        Ok(read)
    }

    /// How every connection stands.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn states(&self) -> Result<Vec<ConnectionState>, StoreError> {
        self.0.core.connection_states().await
    }
}
