// SPDX-License-Identifier: Apache-2.0
// A shadow request's failure: HTTP's number and AWS's own text (spec gateway 5.4), which clients compare.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace otabahn::shadow {

struct Refusal {
    int code;
    std::string message;
};

inline Refusal bad_request(std::string_view message) { return {400, std::string(message)}; }

// As seen on AWS, two blanks and all.
inline Refusal too_large(std::size_t size, std::size_t most) {
    return {413, "Json document too large.  Size is " + std::to_string(size) + ", max allowed: " + std::to_string(most)};
}

}  // namespace otabahn::shadow
