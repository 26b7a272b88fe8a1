"""Boosted trees, fitted by LightGBM and written as the engine reads them (src/learned/trees.rs)."""
import struct

import lightgbm
import numpy as np

COMMON = {"verbose": -1, "num_threads": 2, "use_missing": False, "zero_as_missing": False, "deterministic": True,
          "force_row_wise": True, "max_bin": 127}


def write(booster, path, scale=1.0, shift=0.0):
    """`scale` and `shift` change the sum of the leaves."""
    trees = booster.dump_model()["tree_info"]
    with open(path, "wb") as out:
        out.write(struct.pack("<I", len(trees)))
        for number, tree in enumerate(trees):
            nodes, leaves = [], []

            def walk(node):
                if "leaf_value" in node:
                    leaves.append(node["leaf_value"] * scale + (shift if number == 0 else 0.0))
                    return ~(len(leaves) - 1)
                at = len(nodes)
                nodes.append(None)
                left = walk(node["left_child"])
                right = walk(node["right_child"])
                assert node["decision_type"] == "<="
                nodes[at] = (node["split_feature"], below(node["threshold"]), left, right)
                return at

            walk(tree["tree_structure"])
            out.write(struct.pack("<H", len(nodes)))
            for feature, threshold, left, right in nodes:
                out.write(struct.pack("<Hfhh", feature, threshold, left, right))
            out.write(struct.pack(f"<{len(leaves)}f", *leaves))


def below(threshold):
    """The largest float32 that is not above a threshold: features are float32."""
    value = np.float32(threshold)
    return float(value if float(value) <= threshold else np.nextafter(value, np.float32(-np.inf)))


def slots(X, y, rounds=150, leaves=47):
    data = lightgbm.Dataset(X, y, free_raw_data=True)
    parameters = {**COMMON, "objective": "binary", "num_leaves": leaves, "learning_rate": 0.12, "min_data_in_leaf": 25,
                  "feature_fraction": 0.7, "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 1.0, "seed": 1}
    return lightgbm.train(parameters, data, rounds)


def ranker(X, y, groups, rounds=160, leaves=31, seed=1):
    data = lightgbm.Dataset(X, y, group=groups, free_raw_data=True)
    parameters = {**COMMON, "objective": "lambdarank", "lambdarank_truncation_level": 5, "num_leaves": leaves, "learning_rate": 0.06,
                  "min_data_in_leaf": 40, "feature_fraction": 0.3, "bagging_fraction": 0.8, "bagging_freq": 1,
                  "lambda_l2": 2.0, "seed": seed}
    return lightgbm.train(parameters, data, rounds)


def sure(X, y, weight, rounds=150, leaves=15):
    data = lightgbm.Dataset(X, y, weight=weight, free_raw_data=True)
    parameters = {**COMMON, "objective": "binary", "num_leaves": leaves, "learning_rate": 0.05, "min_data_in_leaf": 40,
                  "feature_fraction": 0.4, "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 5.0, "seed": 1}
    return lightgbm.train(parameters, data, rounds)
