//! What is on screen: a pure model from auction state and time to pictures.
