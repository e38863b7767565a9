// SPDX-License-Identifier: Apache-2.0
#include "awsapi/rows.hpp"

#include <algorithm>
#include <stdexcept>

namespace otabahn::awsapi {

const OperationRow* ServiceRow::find_operation(std::string_view operation) const {
    const auto found = std::find_if(operations.begin(), operations.end(), [&](const OperationRow& row) { return row.name == operation; });
    return found == operations.end() ? nullptr : &*found;
}

const ErrorRow* ServiceRow::find_error(std::string_view code) const {
    const auto found = std::find_if(errors.begin(), errors.end(), [&](const ErrorRow& row) { return row.code == code; });
    return found == errors.end() ? nullptr : &*found;
}

const ServiceRow* find_service(std::string_view name) {
    const auto all = services();
    const auto found = std::find_if(all.begin(), all.end(), [&](const ServiceRow* row) { return row->name == name; });
    return found == all.end() ? nullptr : *found;
}

const OperationRow& require_row(std::string_view service, std::string_view operation) {
    const ServiceRow* const found = find_service(service);
    const OperationRow* const row = found ? found->find_operation(operation) : nullptr;
    if (!row) throw std::logic_error("no model names the operation " + std::string(service) + "." + std::string(operation));
    return *row;
}

}  // namespace otabahn::awsapi
