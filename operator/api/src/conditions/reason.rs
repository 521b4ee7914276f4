//! The causes, one word each for programs, with a sentence and a remedy for people.
//!
//! One table, so that no reason is without its sentence. Reasons of events stand here too.

/// Writes the enum and its texts from one table: `Name: "what is" => "what to do";`, without `=>` where nothing is to be done.
macro_rules! reasons {
    ($($name:ident: $sentence:literal $(=> $remedy:literal)?;)+) => {
        /// Why a condition is as it is, or why an event was written.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(clippy::doc_markdown, reason = "the sentences are read on terminals, where backticks only disturb")]
        pub enum Reason {
            $(#[doc = $sentence] $name,)+
        }

        impl Reason {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The word on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// What is, without the full stop.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)+ }
            }

            /// What to do about it, without the full stop; `None` where nothing is to be done.
            pub const fn remedy(self) -> Option<&'static str> {
                match self { $(Self::$name => reasons!(@remedy $($remedy)?),)+ }
            }
        }
    };
    (@remedy) => { None };
    (@remedy $remedy:literal) => { Some($remedy) };
}

reasons! {
    // The usual course.
    Pending: "Waiting for operator";
    Scheduled: "Nothing runs before the warm-up";
    Provisioning: "Pods and routes are being made";
    AsSpecified: "Everything that the spec asks for is there";
    OnAir: "On air";
    NotYet: "It is not time for it yet";
    Preflight: "Protection is applied and verified before the show goes live";
    PausedBySpec: "Bids wait because spec.runState is Paused" => "Set spec.runState to Running to go on";
    BetweenLots: "No lot is open at the moment";
    Settling: "The last lot has ended; money and NFTs are still moving";
    SettledOnChain: "Every lot is settled";
    NothingToSettle: "The auction names no chain to settle on";
    Completed: "The show is over";
    Cancelled: "The auction was cancelled" => "Make a new auction to sell the lots again";
    Terminating: "It is being deleted: outputs close, the engine writes its last entries";
    NotWanted: "The spec does not ask for it";
    StandingBy: "A compositor renders dark and could take over";

    // The spec itself.
    Accepted: "The spec was understood";
    SpecInvalid: "The spec contradicts itself" => "Correct the named fields and apply it again";
    SpecRefused: "The running engine refused the edit and goes on by the old rules" => "Undo the edit of the named field, or make it after the lot";
    SpecRefusedByCompositor: "The running compositor refused the edit and goes on as before" => "Undo the edit of the named field";
    Unreadable: "This operator cannot read the object, leaves what runs alone and waits" => "Correct the named field, or upgrade the operator if a newer one wrote it";
    SchemaMismatch: "The cluster serves a resource definition that this operator does not know" => "Apply the definitions that came with this operator, then restart it";
    HandleConflict: "Another auction takes bids through the same handle and goes first" => "Wait until it is over, or give this auction another handle";
    HostConflict: "Another object that is older has the same host name" => "Give this one a host name of its own";
    NameConflict: "An object of that name exists and is not ours, so it is left alone" => "Rename this resource, or delete or rename the other object";
    StreamNotFound: "The stream that the auction refers to does not exist" => "Create it, or give the auction a stream.template";
    StreamTaken: "The stream that the auction refers to shows another auction" => "Wait until that one is over, or refer to another stream";
    CharacterNotFound: "The character's ConfigMap does not exist" => "Create it, or remove spec.characterRef";
    SceneNotFound: "The scene's ConfigMap does not exist" => "Create it, or remove spec.scene for the built-in scene";

    // Secrets.
    DependenciesFound: "Everything that the pods refer to is there";
    SecretNotFound: "A Secret that the pods mount does not exist" => "Create it in this namespace; the pods start by themselves then";
    SecretKeyMissing: "A Secret lacks a key that the pods mount" => "Add the key; the pods start by themselves then";
    SecretRotated: "A Secret has changed; it is used from the next connection on";
    CertificatePending: "The certificate has not been issued yet" => "See what cert-manager says of the Certificate";

    // Pods.
    PodsRunning: "Every pod runs and is ready";
    PodStarting: "A pod is starting";
    ImagePullFailed: "A pod's image cannot be pulled" => "Check the image's name and tag and the pull secret; the kubelet tries again by itself";
    Unschedulable: "No node can take a pod" => "Free or add nodes, or lower spec resources and scheduling";
    QuotaExceeded: "The namespace's quota allows no further pod" => "Raise the quota or end other work; the operator tries again by itself";
    PodForbidden: "The cluster's policy refused a pod" => "Ask who runs the cluster which policy it was, or use another namespace";
    PodInvalid: "The API server refused an object that was rendered from this spec" => "Correct the named field";
    CrashLooping: "A container ends again and again" => "Read its last words with kubectl logs --previous";
    ConfigError: "A container cannot be set up" => "See the pod's events for the missing part";
    NodeLost: "The node of a pod does not answer" => "Nothing: another pod takes over when the lease allows it";
    PodReplaced: "A pod was lost and another one took its place";
    ProgressDeadlineExceeded: "It has not got on for too long" => "See the other conditions for the cause; the operator goes on when it is gone";
    WaitingForCapacity: "Many auctions start at once and this one has its turn soon";

    // Engine.
    EngineLeading: "The engine leads its shard and has the spec";
    EngineStarting: "The engine is not answering yet";
    EngineUnreachable: "The engine does not answer" => "See the worker's log; bids are refused with Unavailable meanwhile, none is lost";
    EngineBehind: "The engine has not taken the newest spec yet";
    LotHeld: "The hammer of a lot waits for the clerk" => "Compare the posts and release or void the lot at the clerk's desk";
    GatewayUnreachable: "The social gateway does not answer" => "See its log; posts are read again from where it stopped";

    // Stream.
    Rendering: "The compositor renders";
    CompositorStarting: "The compositor is not answering yet";
    CompositorUnreachable: "The compositor does not answer; its outputs go on by themselves" => "See its log with kubectl logs";
    OutputsLive: "Every required output took frames in the last five seconds";
    OutputDown: "An output takes no frames" => "See its last error below; it is tried again by itself";
    OutputRefused: "A receiver refused the stream key" => "Put the right key into the Secret; it is used for the next connection";
    OutputConnecting: "An output is connecting";
    WaitingForLease: "The publisher's lease is being passed on";
    NoFrames: "The compositor has rendered no frame for five seconds" => "See its log with kubectl logs";
    ScaledToZero: "spec.replicas is 0" => "Scale the stream to 1 to go on air";

    // Routes.
    RoutesWritten: "The routes are written";
    TraefikCRDsMissing: "The cluster does not know Traefik's resources, so nothing is reachable from outside" => "Install Traefik with its definitions; the operator notices within 30 s";
    NoRouting: "The spec asks for no route";

    // Protection and change.
    Protected: "The pods are protected, and the budget that protects them was verified";
    BudgetNotVerified: "The budget that protects the pods is not in force yet" => "See kubectl describe pdb sothebais-live";
    ProtectionOff: "Nothing is live, so nothing is protected";
    PolicyAlways: "spec.disruption.policy allows interruptions at any time";
    HandingOver: "Another pod is taking over";
    HandoverDone: "Another pod has taken over";
    HandoverAborted: "The hand-over was given up and the old pod goes on" => "See the new pod's conditions; the operator tries again at the next boundary";
    DrainWaiting: "A node is being drained and its pods wait for a boundary";
    DrainDeadlinePassed: "A node's drain has waited longer than spec.disruption.drainDeadlineSeconds" => "Wait for the end of the lot, or move it now with kubectl auction handover";
    UpdatePinned: "A newer template waits for the next session";

    // Time.
    Late: "The show started late because nobody was there to start it";
    MissedWindow: "Its time passed while no operator ran, so it was not started" => "Give it a new startsAt and endsAt in a new auction";

    // Ends and foreign hands.
    ForeignChange: "Somebody changed an object of ours; it was put right again" => "Change the Auction or Stream instead";
    ForeignDelete: "Somebody deleted an object of ours; it was made again" => "Change the Auction or Stream instead";
    ReleasedUnclean: "The time to go off air ran out and the object was released" => "Look at the journal with sothebais verify; outputs may have broken off";
    Expired: "ttlSecondsAfterFinished has passed; the resource is deleted";
    EscrowPending: "Not every lot's NFT is in the house's contract yet" => "The sellers must deposit the named lots";
    Escrowed: "Every lot's NFT is in the house's contract";
}

impl Reason {
    /// Reads the word on the wire; `None` for reasons that are not ours.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == word)
    }

    /// The sentence with what it is about, then the remedy.
    pub fn message(self, detail: &str) -> String {
        let detail = detail.trim().trim_end_matches('.');
        let mut text = self.sentence().to_owned();
        if !detail.is_empty() {
            text.push_str(": ");
            text.push_str(detail);
        }
        // The schema's own default says the same without a full stop, and a write that changes nothing is not made.
        if self == Self::Pending && detail.is_empty() {
            return text;
        }
        text.push('.');
        if let Some(remedy) = self.remedy() {
            text.push(' ');
            text.push_str(remedy);
            text.push('.');
        }
        text
    }
}
