//! The stand-in over HTTP against what X documents: every endpoint, every error shape, every fault.

#[cfg(test)]
#[path = "contract/activity.rs"]
mod activity;
#[cfg(test)]
#[path = "contract/bed.rs"]
mod bed;
#[cfg(test)]
#[path = "contract/credentials.rs"]
mod credentials;
#[cfg(test)]
#[path = "contract/crowd.rs"]
mod crowd;
#[cfg(test)]
#[path = "contract/faults.rs"]
mod faults;
#[cfg(test)]
#[path = "contract/filtered.rs"]
mod filtered;
#[cfg(test)]
#[path = "contract/posts.rs"]
mod posts;
#[cfg(test)]
#[path = "contract/published.rs"]
mod published;
#[cfg(test)]
#[path = "contract/schema.rs"]
mod schema;
#[cfg(test)]
#[path = "contract/timelines.rs"]
mod timelines;
