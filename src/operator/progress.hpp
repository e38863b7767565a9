// SPDX-License-Identifier: Apache-2.0
// How a job and its executions read: when it has ended, and the lines that a person sees. Pure. What devices wrote is shown
// without what a terminal would obey.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::operator_tool {

struct Execution {
    std::string thing, status;
    std::map<std::string, std::string> details;
    std::string detail(const std::string& name) const;
};

inline constexpr std::size_t shown_one_by_one = 8;

bool has_ended(const std::string& execution_status);
// An execution may still be made while the job is IN_PROGRESS, though every one that is there has ended.
bool job_has_ended(const std::string& job_status, const std::vector<Execution>& executions);
bool is_good(const std::vector<Execution>& executions);

// "45", "45%" and "450/1000" are all that devices are known to write.
int percent_of(const std::string& progress);
// Control characters become blanks.
std::string shown(std::string_view text);
// What fits, and never half of a UTF-8 character.
std::string cut_to(const std::string& line, std::size_t width);

std::string line_of(const Execution& execution);
std::vector<std::string> lines_of(const std::vector<Execution>& executions);

}  // namespace otabahn::operator_tool
