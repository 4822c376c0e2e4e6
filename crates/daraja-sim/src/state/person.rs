//! What a person does with the phone in the hand.

use crate::clock::UnixMs;
use crate::handset::{NoSuchPrompt, PinCheck, PinResult, Prompt};
use crate::state::State;
use crate::state::push::{Phase, Screen, prompt_text};

impl State {
    /// Every prompt on a screen, oldest first.
    pub(crate) fn prompts(&self) -> Vec<Prompt> {
        let mut out: Vec<usize> = self.ringing.values().copied().collect();
        out.sort_unstable();
        out.into_iter().filter_map(|index| self.prompt(index)).collect()
    }

    /// The prompt of a push, while a screen shows it.
    pub(crate) fn prompt(&self, index: usize) -> Option<Prompt> {
        let push = self.pushes.get(index)?;
        let Phase::Out { expires_at } = push.phase else {
            return None;
        };
        if push.screen == Screen::Hidden {
            return None;
        }
        let business_name = self.shortcode(push.asked.shortcode).name.clone();
        Some(Prompt {
            id: index as u64,
            msisdn: push.asked.msisdn.clone(),
            amount: push.asked.amount,
            account: push.asked.account.clone(),
            text: prompt_text(push.asked.amount, &business_name, &push.asked.account),
            checkout_request_id: push.checkout_id.clone(),
            shown_at: push.asked_at,
            expires_at,
            business_name,
        })
    }

    /// Whether nothing but a person, or its age, decides a prompt.
    pub(crate) fn waits_for_person(&self, id: u64) -> bool {
        usize::try_from(id)
            .ok()
            .and_then(|index| self.pushes.get(index))
            .is_some_and(|push| push.decided.is_none())
    }

    fn on_screen(&self, id: u64) -> Result<usize, NoSuchPrompt> {
        let index = usize::try_from(id).map_err(|_| NoSuchPrompt)?;
        self.prompt(index).map(|_| index).ok_or(NoSuchPrompt)
    }

    /// The person types a PIN and presses OK.
    pub(crate) fn enter_pin(&mut self, id: u64, pin: &str) -> Result<PinResult, NoSuchPrompt> {
        let index = self.on_screen(id)?;
        let now = self.now();
        let (msisdn, amount) = (
            self.pushes[index].asked.msisdn.clone(),
            self.pushes[index].asked.amount,
        );
        let phone = self.handset(&msisdn);
        let result = match phone.check_pin(pin) {
            PinCheck::Wrong => PinResult::WrongPin,
            PinCheck::Locked => PinResult::Locked,
            PinCheck::Right if phone.balance < amount => PinResult::Insufficient,
            PinCheck::Right => PinResult::Paid,
        };
        match result {
            PinResult::Paid => self.pay_push(index, now),
            PinResult::WrongPin => self.fail_push(index, "2001", now),
            PinResult::Locked => self.fail_push(index, "8006", now),
            PinResult::Insufficient => self.fail_push(index, "1", now),
        }
        Ok(result)
    }

    /// The person presses Cancel.
    pub(crate) fn cancel(&mut self, id: u64) -> Result<(), NoSuchPrompt> {
        let index = self.on_screen(id)?;
        let now = self.now();
        self.fail_push(index, "1032", now);
        Ok(())
    }

    /// The person puts the phone away: the prompt goes, and its time runs on.
    pub(crate) fn ignore(&mut self, id: u64) -> Result<(), NoSuchPrompt> {
        let index = self.on_screen(id)?;
        self.pushes[index].screen = Screen::Hidden;
        self.leave_to_expire(index);
        self.touch();
        Ok(())
    }

    /// Somebody looks at this phone until then: prompts that come meanwhile wait for a person.
    pub(crate) fn attend(&mut self, msisdn: &str, until: UnixMs) {
        let phone = self.handset(msisdn);
        phone.attended_until = phone.attended_until.max(until);
    }
}
