// SPDX-License-Identifier: Apache-2.0
// Binds an operation behind its IAM check: the action is SERVICE:OPERATION, the resource what `resource(scope, input)` says.
// The handler gives a Result (our own error, translated here once) or an Outcome (a service's own exception).
#pragma once

#include "access/access.hpp"
#include "awsapi/operations.hpp"

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace otabahn::access {

template <class Op, class Resource, class Handler>
void bind_authorised(awsapi::Operations& operations, Access& access, Resource resource, Handler handler) {
    using Input = typename Op::Input;
    using Output = typename Op::Output;
    operations.bind<Op>([&access, resource = std::move(resource), handler = std::move(handler)](
                            const awsapi::Caller& caller, const Input& in) -> awsapi::Outcome<Output> {
        const auto action = std::string(Op::service) + ":" + std::string(Op::name);
        if (auto allowed = access.check_caller(caller, action, resource(caller.scope, in)); !allowed)
            return Unexpected(awsapi::to_service_error(Op::service, allowed.error()));
        auto out = handler(caller, in);
        if (out) return std::move(out).value();
        if constexpr (std::is_same_v<std::decay_t<decltype(out.error())>, Error>)
            return Unexpected(awsapi::to_service_error(Op::service, out.error()));
        else
            return Unexpected(std::move(out).error());
    });
}

}  // namespace otabahn::access
