use super::window::Window;
use compat_procfs::view::{Refusal, Source, Table};
use mio::{Poll, Token, Waker};
use std::collections::BTreeSet;
use std::sync::Arc;

fn window() -> (Poll, Window, std::sync::mpsc::Receiver<super::window::Question>) {
    let poll = Poll::new().unwrap();
    let waker = Arc::new(Waker::new(poll.registry(), Token(0)).unwrap());
    let (window, questions) = Window::new(BTreeSet::from([42]), waker);
    (poll, window, questions)
}

#[test]
fn tables_of_the_daemon_stay_and_others_come_and_go() {
    let (_poll, window, _questions) = window();
    assert_eq!(window.add(42), Err(Refusal::Exists));
    assert_eq!(window.del(42), Err(Refusal::Busy));
    assert_eq!(window.del(7), Err(Refusal::Missing));
    assert_eq!((window.add(7), window.add(7)), (Ok(()), Err(Refusal::Exists)));
    assert_eq!(window.tables(), [7, 42]);
    assert_eq!((window.table(7), window.table(8)), (Some(Table::default()), None));
    assert_eq!((window.del(7), window.tables()), (Ok(()), vec![42]));
}

#[test]
fn readers_close_to_each_other_share_one_answer_of_the_desk() {
    let (_poll, window, questions) = window();
    let said = Table { owner: 9, flows: Vec::new() };
    let (told, desk_said) = (
        said.clone(),
        std::thread::spawn(move || {
            let question = questions.recv().unwrap();
            assert_eq!(question.table(), 42);
            question.answer(Table { owner: 9, flows: Vec::new() });
            questions
        }),
    );
    assert_eq!(window.table(42), Some(told));
    let questions = desk_said.join().unwrap();
    assert_eq!(window.table(42), Some(said));
    assert!(questions.try_recv().is_err(), "nobody was asked again");
}

#[test]
fn a_desk_that_has_ended_is_not_waited_for() {
    let (_poll, window, questions) = window();
    drop(questions);
    assert_eq!(window.table(42), None);
}
