use std::ops::{Deref, DerefMut};

/// What few sections have. It takes no more than a pointer as long as it is as it began.
#[derive(Clone, Debug)]
pub(crate) struct Seldom<T>(Option<Box<T>>);

/// Something that can be looked at before there is any.
pub(crate) trait Nothing: Default + PartialEq + 'static {
    /// As it began.
    fn nothing() -> &'static Self;
}

impl<T> Default for Seldom<T> {
    fn default() -> Seldom<T> {
        Seldom(None)
    }
}

impl<T: Nothing> Seldom<T> {
    /// Gives its room back if there is nothing in it. To be called when a message is done with.
    pub(crate) fn tidy(&mut self) {
        if self.0.as_deref() == Some(T::nothing()) {
            self.0 = None;
        }
    }
}

impl<T: Nothing> Deref for Seldom<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Some(there) => there,
            None => T::nothing(),
        }
    }
}

impl<T: Nothing> DerefMut for Seldom<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;

    impl Nothing for String {
        fn nothing() -> &'static String {
            static NOTHING: LazyLock<String> = LazyLock::new(String::new);
            &NOTHING
        }
    }

    #[test]
    fn what_is_as_it_began_takes_no_room() {
        let mut seldom: Seldom<String> = Seldom::default();
        assert!(seldom.is_empty() && seldom.0.is_none(), "to look makes nothing");
        seldom.push('x');
        seldom.tidy();
        assert_eq!(*seldom, "x");
        seldom.clear();
        seldom.tidy();
        assert!(seldom.0.is_none());
    }
}
