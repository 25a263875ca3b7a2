use crate::call::methods;

methods! {}
