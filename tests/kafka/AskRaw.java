/*
 * Requests in Kafka's own message classes, made from JSON and answered as JSON. A line of standard
 * input is one step, a line of standard output what it gave:
 *
 *   {"do": "send", "on": NAME, "port": P, "key": K, "version": V, "body": {…}}   {}
 *   {"do": "take", "on": NAME, "wait": MS}     the body of the next answer, {"silent": true} when
 *                                              none comes in time, {"closed": true} at the end
 *   {"do": "close", "on": NAME}                {}
 *
 * A name is a connection, made with its first request.
 */
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageUtil;

public class AskRaw {
	private static final String MESSAGES = "org.apache.kafka.common.message.";

	private record Asked(ApiKeys api, short version) {
	}

	/* One connection and what was asked on it. */
	private static final class Line {
		final Socket socket;
		final ArrayDeque<Asked> asked = new ArrayDeque<>();

		Line(int port) throws IOException {
			socket = new Socket("127.0.0.1", port);
			socket.setTcpNoDelay(true);
		}
	}

	private static final ObjectMapper json = new ObjectMapper();
	private static final Map<String, Line> lines = new HashMap<>();

	private static Class<?> converter(ApiKeys api, String half) throws Exception {
		return Class.forName(MESSAGES + api.messageType.name + half + "DataJsonConverter");
	}

	private static void send(JsonNode step) throws Exception {
		ApiKeys api = ApiKeys.forId(step.get("key").asInt());
		short version = (short) step.get("version").asInt();
		ApiMessage body = (ApiMessage) converter(api, "Request")
			.getMethod("read", JsonNode.class, short.class)
			.invoke(null, step.get("body"), version);
		RequestHeaderData head = new RequestHeaderData().setRequestApiKey(api.id)
			.setRequestApiVersion(version).setCorrelationId(7).setClientId("c");
		ByteBuffer first = MessageUtil.toByteBufferAccessor(
			head, api.messageType.requestHeaderVersion(version)).buffer();
		ByteBuffer rest = MessageUtil.toByteBufferAccessor(body, version).buffer();
		Line line = lines.get(step.get("on").asText());
		if (line == null) {
			line = new Line(step.get("port").asInt());
			lines.put(step.get("on").asText(), line);
		}
		ByteBuffer frame = ByteBuffer.allocate(4 + first.remaining() + rest.remaining());
		frame.putInt(first.remaining() + rest.remaining()).put(first).put(rest);
		new DataOutputStream(line.socket.getOutputStream()).write(frame.array());
		line.asked.add(new Asked(api, version));
	}

	private static JsonNode take(JsonNode step) throws Exception {
		Line line = lines.get(step.get("on").asText());
		line.socket.setSoTimeout(step.get("wait").asInt());
		DataInputStream in = new DataInputStream(line.socket.getInputStream());
		byte[] frame;
		try {
			int size = in.readInt();
			line.socket.setSoTimeout(20000);
			frame = new byte[size];
			in.readFully(frame);
		} catch (SocketTimeoutException e) {
			return json.readTree("{\"silent\": true}");
		} catch (EOFException | SocketException e) {
			return json.readTree("{\"closed\": true}");
		}
		Asked asked = line.asked.remove();
		ByteBufferAccessor bytes = new ByteBufferAccessor(ByteBuffer.wrap(frame));
		new ResponseHeaderData(bytes, asked.api.messageType.responseHeaderVersion(asked.version));
		Class<?> data = Class.forName(MESSAGES + asked.api.messageType.name + "ResponseData");
		Object body = data.getConstructor(org.apache.kafka.common.protocol.Readable.class, short.class)
			.newInstance(bytes, asked.version);
		if (bytes.remaining() != 0)
			throw new IOException(bytes.remaining() + " bytes behind the answer");
		return (JsonNode) converter(asked.api, "Response")
			.getMethod("write", data, short.class).invoke(null, body, asked.version);
	}

	private static void close(JsonNode step) throws IOException {
		Line line = lines.remove(step.get("on").asText());
		if (line != null)
			line.socket.close();
	}

	private static String run(JsonNode step) throws Exception {
		switch (step.get("do").asText()) {
		case "send":
			send(step);
			return "{}";
		case "take":
			return json.writeValueAsString(take(step));
		default:
			close(step);
			return "{}";
		}
	}

	public static void main(String[] args) throws Exception {
		BufferedReader steps = new BufferedReader(
			new InputStreamReader(System.in, StandardCharsets.UTF_8));
		PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
		for (String step = steps.readLine(); step != null; step = steps.readLine()) {
			try {
				out.println(run(json.readTree(step)));
			} catch (Exception e) {
				Throwable why = e.getCause() == null ? e : e.getCause();
				out.println(json.writeValueAsString(Map.of("failed", why.toString())));
			}
		}
	}
}
