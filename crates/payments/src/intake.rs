//! What Safaricom posts: kept raw, tied to what it names, settled, and only then acknowledged.

use kaunta_daraja::callback;

use crate::Payments;
use crate::error::Error;
use crate::rail;
use crate::settle::{Evidence, Heard, Item, Target, settle};
use crate::store::Tx;
use crate::vault::token_hash;

/// What became of a body that Safaricom posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intake {
    /// It is on disk, with what it did. Answer 200.
    Kept,
    /// The secret path names nothing. Answer 404; nothing changed.
    UnknownToken,
}

/// An STK callback that waits to be settled.
#[derive(Debug, Clone)]
pub(crate) struct Callback {
    pub(crate) item: Item,
}

impl Payments {
    /// Takes an STK callback in, posted to the attempt that `token` names.
    ///
    /// A body that cannot be read is kept and flagged as well: its sender will not send it again.
    pub async fn stk_callback(&self, token: &str, body: Vec<u8>) -> Result<Intake, Error> {
        let heard = match callback::read_stk(&body) {
            Ok(read) => Heard::News(rail::callback_news(&read)),
            Err(_) => Heard::Unreadable,
        };
        let evidence = Some(Evidence {
            kind: "stk_callback",
            channel: None,
            body,
        });
        let item = Item {
            target: Target::Token(token_hash(token)),
            heard,
            evidence,
        };
        self.store.settle(Callback { item }).await
    }
}

/// Settles callbacks that share a commit.
pub(crate) async fn settle_callbacks(tx: &mut Tx, callbacks: &[Callback]) -> Result<Vec<Intake>, Error> {
    let items: Vec<Item> = callbacks.iter().map(|callback| callback.item.clone()).collect();
    let settled = settle(tx, &items).await?;
    Ok(settled
        .iter()
        .map(|verdict| {
            if verdict.is_some() {
                Intake::Kept
            } else {
                Intake::UnknownToken
            }
        })
        .collect())
}
