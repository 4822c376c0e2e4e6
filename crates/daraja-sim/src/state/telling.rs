//! How the merchant hears of a push that is over: by the plan, with the truth or without.

use crate::callback::{StkIds, StkMoney, stk_failure, stk_success};
use crate::clock::UnixMs;
use crate::outbox::Kind;
use crate::results::{ResultText, result};
use crate::script::{Shape, Telling};
use crate::state::push::Phase;
use crate::state::{State, millis};

impl State {
    /// Puts the callbacks of a finished push in the outbox, as its plan has it.
    pub(super) fn tell(&mut self, index: usize, at: UnixMs) {
        let push = &self.pushes[index];
        let (telling, held_back) = (push.plan.telling, push.fate.held_back);
        let due = at + millis(self.config.pace.callback) + self.held_back(held_back);
        let late = millis(self.config.pace.late);
        let truth = self.callback_body(index);
        match telling {
            Telling::Lost | Telling::AllLost => {}
            Telling::Once => self.post_callback(index, truth, due),
            Telling::BeforeAnswer => self.post_callback(index, truth, at),
            Telling::Late => self.post_callback(index, truth, due + late),
            Telling::Twice => {
                self.post_callback(index, truth.clone(), due);
                self.post_callback(index, truth, due);
            }
            Telling::FailureFirst => {
                let failure = self.failure_body(index, &result("1037"));
                self.post_callback(index, failure, due);
                self.post_callback(index, truth, due + 1000);
            }
            Telling::Forged => {
                let forged = self.forged_body(index, at);
                self.post_callback(index, forged, due);
                self.post_callback(index, truth, due + 1000);
            }
        }
    }

    fn post_callback(&mut self, index: usize, body: String, due: UnixMs) {
        let asked = &self.pushes[index].asked;
        let url = asked.callback_url.clone();
        let shortcode = self.shortcode(asked.shortcode).api_number().to_owned();
        self.post(Kind::StkCallback, &url, &shortcode, body, due);
    }

    fn failure_body(&self, index: usize, text: &ResultText) -> String {
        let push = &self.pushes[index];
        stk_failure(
            &StkIds {
                merchant: &push.merchant_id,
                checkout: &push.checkout_id,
            },
            text,
        )
    }

    fn callback_body(&self, index: usize) -> String {
        let push = &self.pushes[index];
        let Phase::Done { result, receipt } = &push.phase else {
            unreachable!("a callback is written for finished pushes alone")
        };
        let Some(receipt) = receipt else {
            return self.failure_body(index, result);
        };
        let entry = self.ledger.iter().rev().find(|entry| entry.receipt == *receipt);
        let entry = entry.expect("a paid push is in the ledger");
        let ids = StkIds {
            merchant: &push.merchant_id,
            checkout: &push.checkout_id,
        };
        let balance = self.handsets.get(&entry.msisdn).map_or(0, |phone| phone.balance);
        let (amount, at, msisdn) = (entry.amount, entry.at, entry.msisdn.as_str());
        stk_success(
            &ids,
            result,
            &StkMoney {
                amount,
                receipt,
                at,
                msisdn,
                balance,
            },
            push.plan.shape,
        )
    }

    fn forged_body(&mut self, index: usize, at: UnixMs) -> String {
        let receipt = self.ids.receipt(at);
        let push = &self.pushes[index];
        let ids = StkIds {
            merchant: &push.merchant_id,
            checkout: &push.checkout_id,
        };
        // One shilling, or another amount where one was asked.
        let amount = if push.asked.amount == 1 { 2 } else { 1 };
        let money = StkMoney {
            amount,
            receipt: &receipt,
            at,
            msisdn: &push.asked.msisdn,
            balance: 0,
        };
        stk_success(&ids, &result("0"), &money, Shape::Plain)
    }
}
