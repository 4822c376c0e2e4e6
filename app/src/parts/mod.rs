//! The parts that screens are made of: small components with typed props, and no knowledge of the server.

mod art;
mod facts;
mod forms;
mod frame;
mod hand;
mod note;
mod steps;

pub use art::{Phone, Spinner, Tick};
pub use facts::{Fact, Facts, Value};
pub use forms::{ClaimForm, PhoneForm, Ready, Switch, countdown};
pub use frame::{Foot, Head};
pub use hand::{HandSteps, way};
pub use note::{Note, Said, Tone};
pub use steps::{Basket, PromptSteps, Tips};
