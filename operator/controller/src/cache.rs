//! What the watches have brought: resources, our objects, nodes. Reads and triggers come from the same streams, so nothing
//! is reconciled before what triggered it can be read here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use kube::ResourceExt as _;
use kube::api::DynamicObject;
use kube::runtime::watcher::Event;
use operator_api::Auction;
use operator_api::stream::Stream;
use serde::de::DeserializeOwned;

use crate::key::Key;
use crate::object::{Id, Kind, MANAGED_BY, MANAGER};

mod interest;
mod node;

pub(crate) use interest::{are_neighbours, stream_of};
pub use node::NodeState;

/// What one watch brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    Auctions,
    Streams,
    Nodes,
    Objects(Kind),
}

/// A resource as its user wrote it. One that cannot be read stops nobody but itself.
#[derive(Debug, Clone)]
pub enum Seen<T> {
    Readable(Arc<T>),
    /// Written for another version of the operator.
    Unreadable {
        object: Arc<DynamicObject>,
        error: String,
    },
}

impl<T> Seen<T> {
    pub fn readable(&self) -> Option<&Arc<T>> {
        match self {
            Self::Readable(resource) => Some(resource),
            Self::Unreadable { .. } => None,
        }
    }
}

/// Namespace and name.
type Place = (String, String);

/// The caches. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Cache(Arc<RwLock<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    auctions: BTreeMap<Place, Seen<Auction>>,
    streams: BTreeMap<Place, Seen<Stream>>,
    objects: BTreeMap<Id, Arc<DynamicObject>>,
    owned: BTreeMap<Key, BTreeSet<Id>>,
    nodes: BTreeMap<String, NodeState>,
    /// What a list that is under way has brought so far.
    listing: BTreeMap<Source, BTreeSet<Place>>,
    synced: BTreeSet<Source>,
}

impl Cache {
    /// Takes one event of a watch in, and says whom it concerns.
    pub fn note(&self, source: Source, event: Event<DynamicObject>) -> BTreeSet<Key> {
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Init => {
                inner.listing.insert(source, BTreeSet::new());
                BTreeSet::new()
            }
            Event::InitApply(object) => {
                let place = place(&object);
                inner.listing.entry(source).or_default().insert(place);
                inner.put(source, object)
            }
            Event::InitDone => {
                let listed = inner.listing.remove(&source).unwrap_or_default();
                inner.synced.insert(source);
                let gone = inner.places(source).into_iter().filter(|place| !listed.contains(place));
                gone.collect::<Vec<_>>().iter().flat_map(|place| inner.remove(source, place)).collect()
            }
            Event::Apply(object) => inner.put(source, object),
            Event::Delete(object) => inner.remove(source, &place(&object)),
        }
    }

    /// Whether the first list of `source` is complete.
    pub fn is_synced(&self, source: Source) -> bool {
        self.read(|inner| inner.synced.contains(&source))
    }

    /// Forgets that `source` was listed: its kind is not served any more.
    pub fn unsync(&self, source: Source) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).synced.remove(&source);
    }

    pub fn auction(&self, namespace: &str, name: &str) -> Option<Seen<Auction>> {
        self.read(|inner| inner.auctions.get(&(namespace.to_owned(), name.to_owned())).cloned())
    }

    pub fn stream(&self, namespace: &str, name: &str) -> Option<Seen<Stream>> {
        self.read(|inner| inner.streams.get(&(namespace.to_owned(), name.to_owned())).cloned())
    }

    /// The readable auctions of a namespace that `wanted` accepts.
    pub fn auctions(&self, namespace: &str, wanted: impl Fn(&Auction) -> bool) -> Vec<Arc<Auction>> {
        self.read(|inner| {
            let all = in_namespace(&inner.auctions, namespace).filter_map(Seen::readable);
            all.filter(|auction| wanted(auction)).cloned().collect()
        })
    }

    /// The readable streams of a namespace, by name.
    pub fn streams(&self, namespace: &str) -> Vec<(String, Arc<Stream>)> {
        self.read(|inner| {
            let all = in_namespace(&inner.streams, namespace).filter_map(Seen::readable);
            all.map(|stream| (stream.name_any(), stream.clone())).collect()
        })
    }

    /// Whether a namespace has any auction or stream.
    pub fn is_inhabited(&self, namespace: &str) -> bool {
        self.read(|inner| {
            in_namespace(&inner.auctions, namespace).next().is_some()
                || in_namespace(&inner.streams, namespace).next().is_some()
        })
    }

    /// Our objects that `key` writes or shares, in the order of their kinds and names.
    pub fn owned(&self, key: &Key) -> Vec<(Id, Arc<DynamicObject>)> {
        self.read(|inner| {
            let ids = inner.owned.get(key).into_iter().flatten();
            ids.filter_map(|id| Some((id.clone(), inner.objects.get(id)?.clone()))).collect()
        })
    }

    pub fn object(&self, id: &Id) -> Option<Arc<DynamicObject>> {
        self.read(|inner| inner.objects.get(id).cloned())
    }

    pub fn node(&self, name: &str) -> Option<NodeState> {
        self.read(|inner| inner.nodes.get(name).copied())
    }

    /// Every key that there is something to do for.
    pub fn keys(&self) -> BTreeSet<Key> {
        self.read(|inner| {
            let auctions = inner.auctions.keys().map(|(namespace, name)| Key::Auction(namespace.clone(), name.clone()));
            let streams = inner.streams.keys().map(|(namespace, name)| Key::Stream(namespace.clone(), name.clone()));
            let resources: BTreeSet<Key> = auctions.chain(streams).chain(inner.owned.keys().cloned()).collect();
            let houses: Vec<_> = resources.iter().map(|key| Key::House(key.namespace().to_owned())).collect();
            resources.into_iter().chain(houses).collect()
        })
    }

    /// The statuses of all auctions and streams, for gauges.
    pub fn for_each_auction(&self, mut each: impl FnMut(&Auction)) {
        self.read(|inner| inner.auctions.values().filter_map(Seen::readable).for_each(|auction| each(auction)));
    }

    pub fn for_each_stream(&self, mut each: impl FnMut(&Stream)) {
        self.read(|inner| inner.streams.values().filter_map(Seen::readable).for_each(|stream| each(stream)));
    }

    fn read<T>(&self, use_it: impl FnOnce(&Inner) -> T) -> T {
        use_it(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inner {
    fn put(&mut self, source: Source, mut object: DynamicObject) -> BTreeSet<Key> {
        // Nobody here asks who wrote which field, and it is half of an object's size.
        object.metadata.managed_fields = None;
        let place = place(&object);
        match source {
            Source::Auctions => {
                let seen = parse(&object);
                let before = self.auctions.insert(place.clone(), seen);
                interest::auction(&self.auctions, before.as_ref(), &place)
            }
            Source::Streams => {
                let seen = parse(&object);
                self.streams.insert(place.clone(), seen);
                let mut keys = interest::stream(&self.auctions, &place);
                if object.labels().get(MANAGED_BY).is_some_and(|by| by == MANAGER) {
                    keys.extend(self.put_object(Kind::Stream, place, object));
                }
                keys
            }
            Source::Nodes => {
                let state = NodeState::of(&object);
                let before = self.nodes.insert(place.1.clone(), state);
                if before == Some(state) { BTreeSet::new() } else { self.on_node(&place.1) }
            }
            Source::Objects(kind) => self.put_object(kind, place, object),
        }
    }

    fn put_object(&mut self, kind: Kind, place: Place, object: DynamicObject) -> BTreeSet<Key> {
        let keys: BTreeSet<Key> = Key::of_object(&place.0, &object).into_iter().collect();
        let id = Id { namespace: place.0, kind, name: place.1 };
        let before = self.objects.get(&id).cloned();
        let is_news = before.as_ref().is_none_or(|before| interest::object(kind, before, &object));
        let before_keys: BTreeSet<Key> =
            before.map(|before| Key::of_object(&id.namespace, &before).into_iter().collect()).unwrap_or_default();
        for key in before_keys.difference(&keys) {
            self.disown(key, &id);
        }
        for key in &keys {
            self.owned.entry(key.clone()).or_default().insert(id.clone());
        }
        self.objects.insert(id, Arc::new(object));
        if is_news { keys.into_iter().chain(before_keys).collect() } else { BTreeSet::new() }
    }

    fn remove(&mut self, source: Source, place: &Place) -> BTreeSet<Key> {
        match source {
            Source::Auctions => {
                let before = self.auctions.remove(place);
                interest::auction(&self.auctions, before.as_ref(), place)
            }
            Source::Streams => {
                self.streams.remove(place);
                let mut keys = interest::stream(&self.auctions, place);
                keys.extend(self.remove_object(Kind::Stream, place));
                keys
            }
            Source::Nodes => {
                self.nodes.remove(&place.1);
                self.on_node(&place.1)
            }
            Source::Objects(kind) => self.remove_object(kind, place),
        }
    }

    fn remove_object(&mut self, kind: Kind, place: &Place) -> BTreeSet<Key> {
        let id = Id { namespace: place.0.clone(), kind, name: place.1.clone() };
        let Some(object) = self.objects.remove(&id) else { return BTreeSet::new() };
        let keys: BTreeSet<Key> = Key::of_object(&id.namespace, &object).into_iter().collect();
        for key in &keys {
            self.disown(key, &id);
        }
        keys
    }

    fn disown(&mut self, key: &Key, id: &Id) {
        if let Some(ids) = self.owned.get_mut(key) {
            ids.remove(id);
            if ids.is_empty() {
                self.owned.remove(key);
            }
        }
    }

    /// Whose pods are on a node.
    fn on_node(&self, node: &str) -> BTreeSet<Key> {
        let pods = self.objects.iter().filter(|(id, _)| id.kind == Kind::Pod);
        let on_it = pods.filter(|(_, pod)| pod.data.pointer("/spec/nodeName").is_some_and(|name| name == node));
        on_it.flat_map(|(id, pod)| Key::of_object(&id.namespace, pod)).collect()
    }

    fn places(&self, source: Source) -> Vec<Place> {
        match source {
            Source::Auctions => self.auctions.keys().cloned().collect(),
            Source::Streams => self.streams.keys().cloned().collect(),
            Source::Nodes => self.nodes.keys().map(|name| (String::new(), name.clone())).collect(),
            Source::Objects(kind) => {
                let of_kind = self.objects.keys().filter(|id| id.kind == kind);
                of_kind.map(|id| (id.namespace.clone(), id.name.clone())).collect()
            }
        }
    }
}

fn place(object: &DynamicObject) -> Place {
    (object.namespace().unwrap_or_default(), object.name_any())
}

fn parse<T: DeserializeOwned>(object: &DynamicObject) -> Seen<T> {
    let read = serde_json::to_value(object).and_then(serde_json::from_value);
    match read {
        Ok(resource) => Seen::Readable(Arc::new(resource)),
        Err(error) => Seen::Unreadable { object: Arc::new(object.clone()), error: error.to_string() },
    }
}

fn in_namespace<'a, T>(map: &'a BTreeMap<Place, T>, namespace: &str) -> impl Iterator<Item = &'a T> {
    let namespace = namespace.to_owned();
    map.range((namespace.clone(), String::new())..).take_while(move |((of, _), _)| *of == namespace).map(|(_, it)| it)
}

#[cfg(test)]
mod tests;
