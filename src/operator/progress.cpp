// SPDX-License-Identifier: Apache-2.0
#include "operator/progress.hpp"

#include <algorithm>

namespace otabahn::operator_tool {

namespace {

// Digits at the start; nothing or nonsense is 0, too many are as many as count.
double number_at(std::string_view text) {
    double value = 0;
    for (char c : text.substr(0, 18)) {
        if (c < '0' || c > '9') break;
        value = value * 10 + (c - '0');
    }
    return value;
}

}  // namespace

std::string Execution::detail(const std::string& name) const {
    const auto found = details.find(name);
    return found == details.end() ? "" : found->second;
}

bool has_ended(const std::string& status) { return status != "QUEUED" && status != "IN_PROGRESS"; }

bool job_has_ended(const std::string& job_status, const std::vector<Execution>& executions) {
    if (job_status == "SCHEDULED" || job_status == "IN_PROGRESS") return false;
    return std::all_of(executions.begin(), executions.end(), [](const Execution& execution) { return has_ended(execution.status); });
}

bool is_good(const std::vector<Execution>& executions) {
    return !executions.empty() &&
           std::all_of(executions.begin(), executions.end(), [](const Execution& execution) { return execution.status == "SUCCEEDED"; });
}

int percent_of(const std::string& progress) {
    const auto slash = progress.find('/');
    const double whole = slash == std::string::npos ? 100 : number_at(std::string_view(progress).substr(slash + 1));
    return whole <= 0 ? 0 : static_cast<int>(std::clamp(number_at(progress) * 100 / whole, 0.0, 100.0));
}

std::string shown(std::string_view text) {
    std::string out(text);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const auto byte = static_cast<unsigned char>(out[i]);
        // C1 controls are two bytes in UTF-8: C2 80 to C2 9F.
        const bool c1 = byte == 0xC2 && i + 1 < out.size() && static_cast<unsigned char>(out[i + 1]) < 0xA0;
        if (byte < 0x20 || byte == 0x7F || c1) out[i] = ' ';
        if (c1) out[++i] = ' ';
    }
    return out;
}

std::string cut_to(const std::string& line, std::size_t width) {
    if (line.size() <= width) return line;
    std::size_t size = width;
    while (size > 0 && (static_cast<unsigned char>(line[size]) & 0xC0) == 0x80) --size;
    return line.substr(0, size);
}

std::string line_of(const Execution& execution) {
    std::string out = execution.thing + "  " + execution.status;
    const bool ended = has_ended(execution.status);
    if (execution.status == "IN_PROGRESS" && !execution.detail("progress").empty()) {
        const auto percent = percent_of(execution.detail("progress"));
        const auto full = static_cast<std::size_t>(percent) * 30 / 100;
        out += "  [" + std::string(full, '#') + std::string(30 - full, '.') + "] " + std::to_string(percent) + " %";
    }
    if (const auto step = execution.detail("step"); !step.empty() && !ended) out += "  " + step;
    if (const auto reason = execution.detail("reason"); !reason.empty()) out += "  " + reason;
    if (const auto message = execution.detail("message"); !message.empty() && ended) out += ": " + message;
    return shown(out);
}

std::vector<std::string> lines_of(const std::vector<Execution>& executions) {
    std::vector<std::string> lines;
    if (executions.size() <= shown_one_by_one) {
        for (const auto& execution : executions) lines.push_back(line_of(execution));
        return lines;
    }
    std::map<std::string, std::size_t> counts;
    for (const auto& execution : executions) ++counts[execution.status];
    std::string line = std::to_string(executions.size()) + " devices:";
    for (const auto& [status, count] : counts) line += "  " + status + " " + std::to_string(count);
    lines.push_back(line);
    return lines;
}

}  // namespace otabahn::operator_tool
