use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn verdict(state: State, reason: Reason) -> Verdict {
    Verdict::new(ConditionType::Ready, state, reason, "")
}

#[test]
fn the_transition_time_moves_only_when_the_status_flips() {
    let mut conditions = Vec::new();
    set(&mut conditions, &verdict(State::False, Reason::Provisioning), Some(1), at(10));
    set(&mut conditions, &verdict(State::False, Reason::Unschedulable), Some(2), at(20));
    assert_eq!(conditions[0].last_transition_time, Time(at(10)));
    assert_eq!((conditions[0].reason.as_str(), conditions[0].observed_generation), ("Unschedulable", Some(2)));
    set(&mut conditions, &verdict(State::True, Reason::AsSpecified), Some(2), at(30));
    assert_eq!(conditions[0].last_transition_time, Time(at(30)));
    assert_eq!(conditions.len(), 1);
}

#[test]
fn saying_the_same_again_changes_nothing() {
    let mut conditions = Vec::new();
    for kind in ConditionType::ALL.into_iter().rev() {
        set(&mut conditions, &Verdict::new(kind, State::True, Reason::AsSpecified, "x"), Some(1), at(1));
    }
    let before = conditions.clone();
    for kind in ConditionType::ALL {
        set(&mut conditions, &Verdict::new(kind, State::True, Reason::AsSpecified, "x"), Some(1), at(2));
    }
    assert_eq!(conditions, before);
    let listed: Vec<_> = conditions.iter().map(|condition| condition.type_.as_str()).collect();
    assert_eq!(
        listed,
        ConditionType::ALL.map(ConditionType::as_str),
        "listed in one order, whatever the order of writing"
    );
}

#[test]
fn conditions_of_others_are_kept() {
    let mut conditions = Vec::new();
    set(&mut conditions, &verdict(State::True, Reason::AsSpecified), None, at(1));
    conditions[0].type_ = "example.com/Reviewed".to_owned();
    set(&mut conditions, &verdict(State::False, Reason::Provisioning), None, at(1));
    let listed: Vec<_> = conditions.iter().map(|condition| condition.type_.as_str()).collect();
    assert_eq!(listed, ["Ready", "example.com/Reviewed"]);
    clear(&mut conditions, ConditionType::Ready);
    assert!(find(&conditions, ConditionType::Ready).is_none());
    assert_eq!(conditions.len(), 1);
}

#[test]
fn a_message_says_what_is_and_what_to_do() {
    let missing = Verdict::new(
        ConditionType::DependenciesReady,
        State::False,
        Reason::SecretKeyMissing,
        "Secret \"x-main\" has no key \"stream-key\"",
    );
    assert_eq!(
        missing.message(),
        "A Secret lacks a key that the pods mount: Secret \"x-main\" has no key \"stream-key\". \
         Add the key; the pods start by themselves then."
    );
    assert_eq!(verdict(State::True, Reason::OnAir).message(), "On air.");
    let endless = Verdict { detail: "ß".repeat(5000), ..missing };
    assert!(endless.message().chars().count() <= LONGEST_MESSAGE + 1);
}

#[test]
fn the_schemas_default_and_the_first_verdict_are_the_same_words() {
    assert_eq!(verdict(State::Unknown, Reason::Pending).message(), "Waiting for operator");
}

#[test]
fn every_reason_is_one_word_with_a_plain_sentence() {
    for reason in Reason::ALL {
        let (word, sentence) = (reason.as_str(), reason.sentence());
        assert!(word.chars().all(|c| c.is_ascii_alphanumeric()) && word.starts_with(|c: char| c.is_ascii_uppercase()));
        assert!(word.len() <= 128, "{word} is longer than the schema allows");
        for text in [Some(sentence), reason.remedy()].into_iter().flatten() {
            assert!(!text.ends_with('.') && text == text.trim() && !text.is_empty(), "{word}: {text}");
        }
    }
}

#[test]
fn the_texts_of_all_reasons() {
    let texts: Vec<_> =
        Reason::ALL.iter().map(|reason| format!("{}: {}", reason.as_str(), reason.message(""))).collect();
    insta::assert_snapshot!(texts.join("\n"));
}
