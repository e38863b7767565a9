// SPDX-License-Identifier: Apache-2.0
// Builds a message in the caller's memory, cut where that ends: the heap-free modules' string formatting.
#pragma once

#include "encoding/decimal.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace otabahn::otawire {

class Sentence {
  public:
    explicit Sentence(std::span<char> out) : out_(out) {}
    Sentence& add(std::string_view text) {
        for (const char c : text)
            if (size_ < out_.size()) out_[size_++] = c;
        return *this;
    }
    Sentence& add(std::uint64_t number) { return add(encoding::Decimal(number).view()); }
    std::size_t size() const { return size_; }
    std::string_view text() const { return {out_.data(), size_}; }

  private:
    std::span<char> out_;
    std::size_t size_ = 0;
};

}  // namespace otabahn::otawire
