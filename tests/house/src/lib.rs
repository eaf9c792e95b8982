//! Tests of the house itself: who names whom, room sizes, unsafe inventory.
