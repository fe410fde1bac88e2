//! Report: what happened, for people and for machines.
