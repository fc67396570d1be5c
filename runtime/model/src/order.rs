/// Whether some of the nodes `0..nodes` depend on each other in a cycle. An edge is the node that gives a value and
/// the node that takes it; one that names another node than these is ignored.
///
/// Takes time and memory linear in both, and no stack.
pub fn has_cycle(nodes: usize, edges: &[(usize, usize)]) -> bool {
    let mut missing = vec![0usize; nodes];
    let mut takers: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    for (giver, taker) in edges {
        if let (Some(takers), Some(missing)) = (takers.get_mut(*giver), missing.get_mut(*taker)) {
            takers.push(*taker);
            *missing += 1;
        }
    }
    let mut ready: Vec<usize> = (0..nodes).filter(|it| missing.get(*it) == Some(&0)).collect();
    let mut done = 0;
    while let Some(node) = ready.pop() {
        done += 1;
        for taker in takers.get_mut(node).map(std::mem::take).unwrap_or_default() {
            if let Some(missing) = missing.get_mut(taker) {
                *missing -= 1;
                if *missing == 0 {
                    ready.push(taker);
                }
            }
        }
    }
    done < nodes
}

#[cfg(test)]
mod tests {
    use super::has_cycle;

    #[test]
    fn cycles_are_found_and_nothing_else() {
        assert!(!has_cycle(0, &[]));
        assert!(!has_cycle(4, &[(0, 1), (0, 2), (1, 3), (2, 3), (2, 3), (9, 0), (0, 9)]));
        assert!(has_cycle(1, &[(0, 0)]));
        assert!(has_cycle(4, &[(0, 1), (1, 2), (2, 1), (2, 3)]));
        let chain: Vec<_> = (1..100_000).map(|node| (node - 1, node)).collect();
        assert!(!has_cycle(100_000, &chain));
    }
}
