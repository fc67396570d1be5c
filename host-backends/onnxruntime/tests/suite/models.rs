use godwit_backend::{Memory, Tensor};
use godwit_fixtures::models;

use crate::common::{context, load, run};

#[test]
fn a_sum() {
    let graph = load(models::add()).unwrap();
    let mut context = context(&graph, &Memory::unlimited());
    for n in [3usize, 0, 7, 7, 7] {
        let term = |value: f32| Tensor::from_values([n], &vec![value; n]).unwrap();
        let sum = run(&mut *context, [term(1.0), term(2.0)]).unwrap().remove(0);
        assert_eq!(sum.shape()[..], [n]);
        assert_eq!(sum.values::<f32>().unwrap(), vec![3.0; n]);
    }
}
