//! The parts that screens are made of: small components with typed props, and no knowledge of the server.

pub mod art;
pub mod facts;
pub mod forms;
pub mod frame;
pub mod hand;
pub mod note;
pub mod steps;

pub use art::{Phone, Spinner, Tick};
pub use facts::{Fact, Facts, Value};
pub use forms::{ClaimForm, PhoneForm, Ready, Switch, countdown};
pub use frame::{Foot, Head};
pub use hand::{HandSteps, way};
pub use note::{Note, Said, Tone};
pub use steps::{Basket, PromptSteps, Tips};
