//! The face of this crate: what the daemon, its pages and its command line ask of the club.
//!
//! The operations stand with what they are about, in `member`, `item`, `entitlement`, `traffic`
//! and `audit`.

use std::fmt;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::elsewhere;
use crate::error::Error;
use crate::image::{Image, Live, Loaded};
use crate::names::Names;
use crate::sql::Connection;
use crate::store::Store;
use crate::unavailable::Unavailable;
use crate::writer::Writer;

/// The club: a store, and its image in memory kept in step with it.
pub struct Club {
    store: Arc<dyn Store>,
    writer: Writer,
    live: Arc<Live>,
    /// The last row of the record that the image holds.
    seen: Mutex<u32>,
}

impl Club {
    /// Fills the image from the store. The writer runs on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// The database can't be read.
    pub async fn open(
        store: Arc<dyn Store>,
        image: Image,
        names: Names,
    ) -> Result<(Self, Loaded), Error> {
        let club = Self {
            writer: Writer::start(Arc::clone(&store)),
            store,
            live: Arc::new(Live::new(image)),
            seen: Mutex::new(0),
        };
        // What comes after this is loaded too, or caught up with.
        *club.seen.lock().await = elsewhere::last(&mut *club.reader().await?).await?;
        let loaded = club.reload(names).await?;
        Ok((club, loaded))
    }

    /// Makes the image anew for tiers and policies that were configured otherwise. Changes wait
    /// meanwhile.
    ///
    /// # Errors
    ///
    /// The database can't be read; the image may be partly made then.
    pub async fn reload(&self, names: Names) -> Result<Loaded, Error> {
        let _changes_wait = self.writer.pause().await;
        self.live.rename(names);
        Ok(self.live.load(&self.store).await?)
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(crate) async fn reader(&self) -> Result<Box<dyn Connection>, Error> {
        Ok(self.store.reader().await.map_err(Unavailable::from)?)
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.writer
    }

    pub(crate) fn seen(&self) -> &Mutex<u32> {
        &self.seen
    }

    pub(crate) fn live(&self) -> Arc<Live> {
        Arc::clone(&self.live)
    }

    pub(crate) fn names(&self) -> Arc<Names> {
        self.live.names()
    }
}

impl fmt::Debug for Club {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Club").finish_non_exhaustive()
    }
}
