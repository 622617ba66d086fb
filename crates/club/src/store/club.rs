//! The face of this crate: what the daemon, its pages and its command line ask of the club.
//!
//! Each folder adds the operations on what it is about. Deliberately absent: opening the club, which
//! `load` does.

use std::fmt;
use std::sync::Arc;

use tokio::sync::{Mutex, broadcast};

use crate::store::database::Store;
use crate::store::image::{Image, Live};
use crate::store::second_gate::SecondGate;
use crate::store::sql::{BoxFuture, Connection};
use crate::store::tx::Tx;
use crate::store::writer::Writer;
use crate::values::error::Error;
use crate::values::names::Names;
use crate::values::news::ClubNews;
use crate::values::stamp::Stamp;
use crate::values::unavailable::Unavailable;

/// The club: a store, and its image in memory kept in step with it.
pub struct Club {
    store: Arc<dyn Store>,
    writer: Writer,
    live: Arc<Live>,
    /// The last row of the record that the image holds.
    seen: Mutex<u32>,
    refused: SecondGate,
}

impl Club {
    /// A club whose image is empty. The writer runs on the current tokio runtime.
    pub(crate) fn new(store: Arc<dyn Store>, image: Image) -> Self {
        let live = Arc::new(Live::new(image));
        let writer = Writer::start(Arc::clone(&store), Arc::clone(&live));
        Self { store, writer, live, seen: Mutex::new(0), refused: SecondGate::default() }
    }

    /// Checks that the database's file is the one that was opened. Asks the file system alone.
    ///
    /// # Errors
    ///
    /// It was replaced or moved away: no change is made any more.
    pub fn check_place(&self) -> Result<(), Error> {
        Ok(self.store.check_place()?)
    }

    /// What happens from now on, after its commit. A listener that is behind by more than 256 loses the oldest.
    pub fn news(&self) -> broadcast::Receiver<ClubNews> {
        self.live.news()
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.store
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

    /// The gate of refused deliveries, by provider.
    pub(crate) fn refused(&self) -> &SecondGate {
        &self.refused
    }

    pub(crate) fn live(&self) -> &Live {
        &self.live
    }

    pub(crate) fn names(&self) -> Arc<Names> {
        self.live.names()
    }

    /// Makes a change in a transaction. What it touched is in force when this returns, and the
    /// change is made even when the caller stops waiting.
    ///
    /// # Errors
    ///
    /// Those of `work`, and [`Error::Unavailable`] where the transaction can't be had or kept.
    pub(crate) async fn change<T, W>(&self, stamp: &Stamp, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, Error>> + Send + 'static,
    {
        self.writer.run(stamp.clone(), work).await
    }

    /// As [`change`](Self::change), for what nobody asked for and the image does not show, such as
    /// counters.
    ///
    /// # Errors
    ///
    /// As of [`change`](Self::change).
    pub(crate) async fn write<T, W>(&self, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: for<'c> FnOnce(&'c mut dyn Connection) -> BoxFuture<'c, Result<T, Error>>
            + Send
            + 'static,
    {
        self.writer.run(Stamp::of_daemon(0), move |tx| work(tx)).await
    }
}

impl fmt::Debug for Club {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Club").finish_non_exhaustive()
    }
}
