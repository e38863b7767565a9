// SPDX-License-Identifier: Apache-2.0
#include "awsapi/pattern.hpp"

#include "encoding/utf8.hpp"

#include <algorithm>
#include <vector>

namespace otabahn::awsapi {

bool CharacterClass::contains(std::uint32_t code_point) const {
    if (code_point < 256) return (low[code_point / 64] >> (code_point % 64) & 1) != 0;
    const auto after = std::upper_bound(high.begin(), high.end(), code_point,
                                        [](std::uint32_t point, const CodePointRange& range) { return point < range.first; });
    return after != high.begin() && code_point <= std::prev(after)->last;
}

bool next_code_point(std::string_view text, std::size_t& at, std::uint32_t& code_point) {
    const std::size_t length = encoding::utf8_length(as_bytes(text), at);
    if (length == 0) return false;
    const auto byte = [&](std::size_t offset) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at + offset])); };
    constexpr std::uint32_t lead_mask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    code_point = byte(0) & lead_mask[length];
    for (std::size_t i = 1; i < length; ++i) code_point = code_point << 6 | (byte(i) & 0x3F);
    at += length;
    return true;
}

std::size_t count_code_points(std::string_view text) {
    std::size_t count = 0;
    std::uint32_t ignored = 0;
    for (std::size_t at = 0; at < text.size(); ++count)
        if (!next_code_point(text, at, ignored)) ++at;
    return count;
}

namespace {

bool matches_run(const PatternRow& pattern, std::string_view text) {
    std::uint64_t count = 0;
    std::uint32_t point = 0;
    for (std::size_t at = 0; at < text.size(); ++count)
        if (!next_code_point(text, at, point) || !pattern.run->contains(point)) return false;
    return count >= pattern.least && (pattern.most == PatternRow::no_bound || count <= pattern.most);
}

// The states that wait for a character, in no order; each stands at most once.
class States {
  public:
    explicit States(const PatternRow& pattern) : pattern_(&pattern), seen_(pattern.program.size(), 0) {}

    void start() {
        waiting_.clear();
        matched_ = false;
        ++round_;
    }

    // Follows every step that takes no character from `state` on; `rest` is the text that is still to come.
    void add(std::uint16_t state, std::string_view rest) {
        stack_.push_back(state);
        while (!stack_.empty()) {
            const std::uint16_t at = stack_.back();
            stack_.pop_back();
            if (seen_[at] == round_) continue;
            seen_[at] = round_;
            const Step& step = pattern_->program[at];
            switch (step.kind) {
                case Step::Kind::character:
                    waiting_.push_back(at);
                    break;
                case Step::Kind::split:
                    stack_.push_back(step.a);
                    stack_.push_back(step.b);
                    break;
                case Step::Kind::jump:
                    stack_.push_back(step.a);
                    break;
                case Step::Kind::not_ahead:
                    if (!rest.starts_with(pattern_->literals[step.a])) stack_.push_back(static_cast<std::uint16_t>(at + 1));
                    break;
                case Step::Kind::match:
                    matched_ = true;
                    break;
            }
        }
    }

    const std::vector<std::uint16_t>& waiting() const { return waiting_; }
    bool matched() const { return matched_; }

  private:
    const PatternRow* pattern_;
    std::vector<std::uint32_t> seen_;
    std::uint32_t round_ = 0;
    std::vector<std::uint16_t> waiting_, stack_;
    bool matched_ = false;
};

bool matches_program(const PatternRow& pattern, std::string_view text) {
    States now(pattern), next(pattern);
    now.start();
    now.add(0, text);
    std::uint32_t point = 0;
    for (std::size_t at = 0; at < text.size();) {
        if (!next_code_point(text, at, point)) return false;
        next.start();
        for (const std::uint16_t state : now.waiting())
            if (pattern.classes[pattern.program[state].a]->contains(point))
                next.add(static_cast<std::uint16_t>(state + 1), text.substr(at));
        if (next.waiting().empty() && !next.matched()) return false;
        std::swap(now, next);
    }
    return now.matched();
}

}  // namespace

bool matches(const PatternRow& pattern, std::string_view text) {
    return pattern.run != nullptr ? matches_run(pattern, text) : matches_program(pattern, text);
}

}  // namespace otabahn::awsapi
