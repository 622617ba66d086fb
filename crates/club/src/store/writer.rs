//! The one task that writes: changes that come while it commits make up the next transaction.
//!
//! A commit that is synced to the disk costs milliseconds whether it holds one change or hundreds,
//! so changes share it. Each stands alone within it: one that is refused is undone by its own
//! savepoint. What a change touched is shown after the commit, in the order of the changes, before
//! its caller hears of it.

use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard, mpsc, oneshot};

use crate::store::database::Store;
use crate::store::image::{Live, Shown};
use crate::store::sql::{BoxFuture, Connection, SqlResult};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::stamp::Stamp;
use crate::values::unavailable::{Unavailable, was_closed};

/// A handle on the task; the task ends when the last handle is gone and its queue is empty.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Box<dyn Job>>,
    /// Held while a group is committed and published.
    turn: Arc<Mutex<()>>,
}

impl Writer {
    /// Starts the task on the current runtime.
    pub(crate) fn start(store: Arc<dyn Store>, live: Arc<Live>) -> Self {
        let (queue, jobs) = mpsc::channel(MAX_GROUP);
        let turn = Arc::new(Mutex::new(()));
        tokio::spawn(serve(store, live, jobs, Arc::clone(&turn)));
        Self { queue, turn }
    }

    /// Lets changes wait until the guard is gone: what was committed before is published, and
    /// nothing else is on its way.
    pub(crate) async fn pause(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turn).lock_owned().await
    }

    /// Does `work` in a transaction, shows what it touched, then returns. Both happen even when the
    /// caller stops waiting.
    ///
    /// # Errors
    ///
    /// Those of `work`, and [`Error::Unavailable`] where the transaction can't be had or kept.
    pub(crate) async fn run<T, W>(&self, stamp: Stamp, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, Error>> + Send + 'static,
    {
        let (reply, outcome) = oneshot::channel();
        let job = Change { work: Some((stamp, work)), result: None, reply };
        self.queue.send(Box::new(job)).await.map_err(|_| Unavailable::Stopped)?;
        outcome.await.map_err(|_| Unavailable::Stopped)?
    }
}

/// A change whose types are forgotten.
trait Job: Send {
    /// Makes the change on a connection that has begun a transaction. The connection comes back;
    /// `false` asks for the change to be undone.
    fn attempt(
        &mut self,
        db: Box<dyn Connection>,
        live: &Live,
    ) -> BoxFuture<'_, (Box<dyn Connection>, bool)>;

    /// Shows what was committed and answers the caller.
    fn settle(self: Box<Self>, live: &Live, committed: Result<(), Unavailable>);
}

struct Change<T, W> {
    work: Option<(Stamp, W)>,
    result: Option<Result<(T, Vec<Shown>), Error>>,
    reply: oneshot::Sender<Result<T, Error>>,
}

impl<T, W> Job for Change<T, W>
where
    T: Send,
    W: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, Error>> + Send,
{
    fn attempt(
        &mut self,
        db: Box<dyn Connection>,
        live: &Live,
    ) -> BoxFuture<'_, (Box<dyn Connection>, bool)> {
        let names = live.names();
        Box::pin(async move {
            let Some((stamp, work)) = self.work.take() else { return (db, false) };
            let mut tx = Tx::new(db, stamp, names);
            let result = work(&mut tx).await;
            let (db, shown) = tx.into_parts();
            let keep = result.is_ok();
            self.result = Some(result.map(|made| (made, shown)));
            (db, keep)
        })
    }

    fn settle(self: Box<Self>, live: &Live, committed: Result<(), Unavailable>) {
        let result = match (self.result, committed) {
            (Some(Ok((made, shown))), Ok(())) => {
                shown.into_iter().for_each(|shown| live.show(shown));
                Ok(made)
            }
            (Some(Err(refused)), _) => Err(refused),
            (_, Err(unavailable)) => Err(unavailable.into()),
            (None, Ok(())) => Err(Unavailable::Stopped.into()),
        };
        // A caller that stopped waiting wants no answer.
        let _ = self.reply.send(result);
    }
}

async fn serve(
    store: Arc<dyn Store>,
    live: Arc<Live>,
    mut jobs: mpsc::Receiver<Box<dyn Job>>,
    turn: Arc<Mutex<()>>,
) {
    let mut connection = None;
    let mut group = Vec::with_capacity(MAX_GROUP);
    while jobs.recv_many(&mut group, MAX_GROUP).await > 0 {
        let _turn = turn.lock().await;
        let committed = match transact(&*store, &live, connection.take(), &mut group).await {
            Ok(open) => {
                connection = Some(open);
                Ok(())
            }
            Err(unavailable) => Err(unavailable),
        };
        for job in group.drain(..) {
            job.settle(&live, committed.clone());
        }
    }
}

/// Does all jobs of a group in one transaction. The connection comes back where nothing went
/// wrong with it; otherwise it is closed, which undoes the transaction, and the next group opens
/// another.
async fn transact(
    store: &dyn Store,
    live: &Live,
    connection: Option<Box<dyn Connection>>,
    group: &mut [Box<dyn Job>],
) -> Result<Box<dyn Connection>, Unavailable> {
    let mut db = begin(store, connection).await?;
    for job in group {
        db.execute("SAVEPOINT job", &[]).await?;
        let (open, keep) = job.attempt(db, live).await;
        db = open;
        if !keep {
            db.execute("ROLLBACK TO SAVEPOINT job", &[]).await?;
        }
        db.execute("RELEASE SAVEPOINT job", &[]).await?;
    }
    db.check_place().await?;
    db.execute("COMMIT", &[]).await.map_err(Unavailable::of_commit)?;
    Ok(db)
}

/// Begins a transaction, on another connection where the server has closed this one meanwhile.
async fn begin(
    store: &dyn Store,
    connection: Option<Box<dyn Connection>>,
) -> Result<Box<dyn Connection>, Unavailable> {
    if let Some(mut open) = connection {
        open.check_place().await?;
        match begin_on(store, &mut *open).await {
            Ok(()) => return Ok(open),
            Err(error) if was_closed(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    store.check_place()?;
    let mut db = store.writer().await?;
    begin_on(store, &mut *db).await?;
    Ok(db)
}

async fn begin_on(store: &dyn Store, db: &mut dyn Connection) -> SqlResult<()> {
    for sql in store.begin() {
        db.execute(sql, &[]).await?;
    }
    Ok(())
}

/// The most changes in one transaction, and the most that wait for the next.
const MAX_GROUP: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::Sqlite;
    use crate::store::testing;
    use crate::values::name::NameError;

    #[tokio::test]
    async fn what_a_refused_change_wrote_is_undone_alone() {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Sqlite::open(&dir.path().join("club.db")).await.unwrap());
        let writer = Writer::start(store.clone(), testing::live());
        let (kept, refused, kept_too) = tokio::join!(
            add(&writer, "ada", Ok(())),
            add(&writer, "bob", Err(NameError::Id.into())),
            add(&writer, "cleo", Ok(())),
        );
        assert!(kept.is_ok() && refused.is_err() && kept_too.is_ok());
        assert_eq!(names(&*store).await, ["ada", "cleo"]);
    }

    #[tokio::test]
    async fn what_a_refused_part_wrote_and_showed_is_undone_alone() {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Sqlite::open(&dir.path().join("club.db")).await.unwrap());
        let live = testing::live();
        let writer = Writer::start(store.clone(), Arc::clone(&live));
        let made = writer.run(testing::stamp(), |tx| {
            Box::pin(async move {
                tx.show(Shown::Alerts(1));
                let refused = tx
                    .attempt(async |tx| {
                        insert(tx, "bob").await?;
                        tx.show(Shown::Alerts(2));
                        Err::<(), _>(NameError::Id.into())
                    })
                    .await?;
                assert!(refused.is_err());
                insert(tx, "ada").await
            })
        });
        made.await.unwrap();
        assert_eq!(names(&*store).await, ["ada"]);
        assert_eq!(live.open_alerts(), 1);
    }

    #[tokio::test]
    async fn a_change_is_made_though_its_caller_stopped_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Sqlite::open(&dir.path().join("club.db")).await.unwrap());
        let writer = Writer::start(store.clone(), testing::live());
        let paused = writer.pause().await;
        assert!(futures_util::FutureExt::now_or_never(add(&writer, "ada", Ok(()))).is_none());
        drop(paused);
        add(&writer, "bob", Ok(())).await.unwrap();
        assert_eq!(names(&*store).await, ["ada", "bob"]);
    }

    async fn add(
        writer: &Writer,
        name: &'static str,
        then: Result<(), Error>,
    ) -> Result<(), Error> {
        writer
            .run(testing::stamp(), move |tx| {
                Box::pin(async move {
                    insert(tx, name).await?;
                    then
                })
            })
            .await
    }

    async fn insert(tx: &mut Tx, name: &'static str) -> Result<(), Error> {
        let sql = "INSERT INTO member (name, tier, state, generation, created) \
                   VALUES ($1, 'fan', 'active', 0, 0)";
        Ok(tx.execute(sql, &[name.into()]).await.map(drop)?)
    }

    async fn names(store: &dyn Store) -> Vec<String> {
        let mut db = store.reader().await.unwrap();
        let sql = "SELECT name FROM member ORDER BY id";
        db.all(sql, &[], |row| row.text(0).map(str::to_owned)).await.unwrap()
    }
}
