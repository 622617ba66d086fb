//! The face of this crate: what the daemon, its pages and its command line ask of the club.
//!
//! The operations stand with what they are about, in `member`, `item`, `entitlement`, `traffic`
//! and `audit`.

use std::fmt;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::load::replication;
use crate::store::database::Store;
use crate::store::image::{Image, Live, Loaded, Renamed};
use crate::store::sql::Connection;
use crate::store::writer::Writer;
use crate::values::error::Error;
use crate::values::names::Names;
use crate::values::unavailable::Unavailable;

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
        *club.seen.lock().await = replication::last(&mut *club.reader().await?).await?;
        let changes_wait = club.writer.pause().await;
        let loaded = club.live.load(&club.store, names).await?;
        drop(changes_wait);
        Ok((club, loaded))
    }

    /// Makes anew what of the image goes by the names of tiers and policies, for others. Changes wait
    /// meanwhile.
    ///
    /// A name that there was before must have the number that it had: announces are judged by
    /// either configuration's rules while the image is made.
    ///
    /// # Errors
    ///
    /// The database can't be read; nothing has changed then.
    pub async fn reload(&self, names: Names) -> Result<Loaded, Error> {
        let _changes_wait = self.writer.pause().await;
        let mut db = self.reader().await?;
        Ok(Renamed::read(&mut *db, names).await?.show(&self.live))
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
