// SPDX-License-Identifier: Apache-2.0
#include "awsapi/compatibility.hpp"

#include "awsapi/rows.hpp"

#include <vector>

namespace otabahn::awsapi {

namespace {

std::string joined(const std::vector<std::string_view>& names) {
    std::string out;
    for (const auto name : names) out.append(out.empty() ? "" : ", ").append(name);
    return out.empty() ? "none" : out;
}

}  // namespace

std::string compatibility_table(const Operations& operations) {
    std::string summary = "| Service | Operations in AWS's model | Implemented | Answered with 501 |\n|---|---|---|---|\n", details;
    for (const ServiceRow* const service : services()) {
        std::vector<std::string_view> bound, planned, outside;
        for (const OperationRow& operation : service->operations)
            (operations.find(service->name, operation.name) ? bound : operation.in_scope ? planned : outside).push_back(operation.name);
        summary.append("| ").append(service->name).append(" | ").append(std::to_string(service->operations.size())).append(" | ");
        summary.append(std::to_string(bound.size())).append(" | ").append(std::to_string(planned.size() + outside.size())).append(" |\n");
        details.append("\n## ").append(service->name).append("\n\n");
        details.append("Implemented: ").append(joined(bound)).append(".\n\n");
        details.append("Not yet (501, naming the operation): ").append(joined(planned)).append(".\n\n");
        details.append("Outside this product's scope (501, naming the operation): ").append(joined(outside)).append(".\n");
    }
    return summary + details;
}

}  // namespace otabahn::awsapi
