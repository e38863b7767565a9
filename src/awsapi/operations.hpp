// SPDX-License-Identifier: Apache-2.0
// The operations that are bound. A capability's rest.cpp binds a typed function per operation; what the models name and
// nobody binds answers 501 with its name. Handlers run on a blocking pool, several at once.
//
//   operations.bind<api::iot::CreateThing>([&](const Caller& caller, const api::iot::CreateThingRequest& in)
//       -> Outcome<api::iot::CreateThingResponse> { … });
#pragma once

#include "awsapi/body.hpp"
#include "awsapi/caller.hpp"
#include "awsapi/service_error.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace otabahn::awsapi {

// A value of a generated struct whose type the HTTP side does not know; the codec reads it by the operation's shape tables.
using Erased = std::shared_ptr<void>;

struct ErasedDownload {
    Erased head;
    std::unique_ptr<BodySource> body;
    int status = 200;
};

class ErasedUpload {
  public:
    virtual ~ErasedUpload() = default;
    virtual Outcome<void> write(ByteView bytes) = 0;
    virtual Outcome<Erased> finish() = 0;
};

struct BoundOperation {
    enum class Kind { plain, upload, download };
    Kind kind = Kind::plain;
    std::function<Erased()> make_input;
    std::function<Outcome<Erased>(const Caller&, const void* input)> plain;
    std::function<Outcome<std::unique_ptr<ErasedUpload>>(const Caller&, const void* input)> upload;
    std::function<Outcome<ErasedDownload>(const Caller&, const void* input)> download;
};

class Operations {
  public:
    template <class Op, class F>
    void bind(F handler) {
        BoundOperation bound;
        bound.make_input = [] { return std::make_shared<typename Op::Input>(); };
        bound.plain = [handler = std::move(handler)](const Caller& caller, const void* input) -> Outcome<Erased> {
            Outcome<typename Op::Output> out = handler(caller, *static_cast<const typename Op::Input*>(input));
            if (!out) return Unexpected(std::move(out).error());
            return Erased(std::make_shared<typename Op::Output>(std::move(out).value()));
        };
        add(Op::service, Op::name, std::move(bound));
    }

    // `handler` gives Outcome<std::unique_ptr<Upload<Op::Output>>>.
    template <class Op, class F>
    void bind_upload(F handler) {
        using Output = typename Op::Output;
        class Erasing final : public ErasedUpload {
          public:
            explicit Erasing(std::unique_ptr<Upload<Output>> inner) : inner_(std::move(inner)) {}
            Outcome<void> write(ByteView bytes) override { return inner_->write(bytes); }
            Outcome<Erased> finish() override {
                Outcome<Output> out = inner_->finish();
                if (!out) return Unexpected(std::move(out).error());
                return Erased(std::make_shared<Output>(std::move(out).value()));
            }

          private:
            std::unique_ptr<Upload<Output>> inner_;
        };
        BoundOperation bound;
        bound.kind = BoundOperation::Kind::upload;
        bound.make_input = [] { return std::make_shared<typename Op::Input>(); };
        bound.upload = [handler = std::move(handler)](const Caller& caller, const void* input) -> Outcome<std::unique_ptr<ErasedUpload>> {
            Outcome<std::unique_ptr<Upload<Output>>> out = handler(caller, *static_cast<const typename Op::Input*>(input));
            if (!out) return Unexpected(std::move(out).error());
            return std::unique_ptr<ErasedUpload>(std::make_unique<Erasing>(std::move(out).value()));
        };
        add(Op::service, Op::name, std::move(bound));
    }

    // `handler` gives Outcome<Download<Op::Output>>.
    template <class Op, class F>
    void bind_download(F handler) {
        BoundOperation bound;
        bound.kind = BoundOperation::Kind::download;
        bound.make_input = [] { return std::make_shared<typename Op::Input>(); };
        bound.download = [handler = std::move(handler)](const Caller& caller, const void* input) -> Outcome<ErasedDownload> {
            Outcome<Download<typename Op::Output>> out = handler(caller, *static_cast<const typename Op::Input*>(input));
            if (!out) return Unexpected(std::move(out).error());
            auto& download = out.value();
            return ErasedDownload{std::make_shared<typename Op::Output>(std::move(download.head)), std::move(download.body),
                                  download.status};
        };
        add(Op::service, Op::name, std::move(bound));
    }

    const BoundOperation* find(std::string_view service, std::string_view operation) const {
        const auto found = bound_.find(std::pair(std::string(service), std::string(operation)));
        return found == bound_.end() ? nullptr : &found->second;
    }

  private:
    void add(std::string_view service, std::string_view operation, BoundOperation bound) {
        bound_.insert_or_assign(std::pair(std::string(service), std::string(operation)), std::move(bound));
    }
    std::map<std::pair<std::string, std::string>, BoundOperation> bound_;
};

}  // namespace otabahn::awsapi
